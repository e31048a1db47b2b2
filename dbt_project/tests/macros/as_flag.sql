with examples (input, expected) as (
    values
    ('Y', 'Y'),
    ('N', 'N'),
    ('y', 'Y'),
    ('n', 'N'),
    (' y ', 'Y'),
    (e'\tN\n', 'N'),
    (e'\u00a0Y', 'Y'),
    ('YES', null),
    ('NO', null),
    ('YY', null),
    ('Y N', null),
    ('1', null),
    ('true', null),
    ('U', null),
    ('UNKNOWN', null),
    ('N/A', null),
    ('NULL', null),
    ('Ｙ', null),
    ('', null),
    (' ', null),
    (repeat('Y', 10000), null),
    (null, null)
),

results as (
    select
        examples.input,
        examples.expected,
        {{ as_flag('examples.input') }} as got
    from examples
)

select
    input,
    expected,
    got
from results
where got is distinct from expected

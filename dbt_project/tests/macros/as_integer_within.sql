with examples (input, expected) as (
    values
    ('0', 0),
    ('120', 120),
    (' 35.0 ', 35),
    ('-1', null),
    ('121', null),
    ('999', null),
    ('35.5', null),
    ('thirty', null),
    ('99999999999', null),
    ('', null),
    (null, null)
),

results as (
    select
        examples.input,
        examples.expected,
        {{ as_integer_within('examples.input', 0, 120) }} as got
    from examples
)

select
    input,
    expected,
    got
from results
where got is distinct from expected

with examples (input, expected) as (
    values
    ('0.13', 0.13),
    ('0.080', 0.08),
    ('5', 5),
    (' 5 ', 5),
    (e'\t5.5\u00a0', 5.5),
    ('5.', 5),
    ('.5', 0.5),
    ('-1', -1),
    ('+1.5', 1.5),
    ('1e3', 1000),
    ('1E-2', 0.01),
    ('-87.632998123456789012345', -87.632998123456789012345),
    ('1e999', null),
    ('1e', null),
    ('e5', null),
    ('.', null),
    ('--1', null),
    ('1.2.3', null),
    ('1,000', null),
    ('five', null),
    ('NaN', null),
    ('Infinity', null),
    ('-inf', null),
    ('N/A', null),
    ('٣', null),
    ('５', null),
    ('', null),
    (' ', null),
    (repeat('9', 10000), null),
    (null, null)
),

results as (
    select
        examples.input,
        examples.expected,
        {{ as_number('examples.input') }} as got
    from examples
)

select
    input,
    expected,
    got
from results
where got is distinct from expected

with examples (input, expected) as (
    values
    ('0.13', 0.13::double precision),
    (' 5 ', 5),
    ('1e3', 1000),
    ('1e-99', 1e-99),
    (repeat('9', 55) || 'e99', (repeat('9', 55) || 'e99')::double precision),
    ('1e308', null),
    ('NaN', null),
    ('Infinity', null),
    ('five', null),
    ('', null),
    (null, null)
),

results as (
    select
        examples.input,
        examples.expected,
        {{ as_float('examples.input') }} as got
    from examples
)

select
    input,
    expected,
    got
from results
where got is distinct from expected

with examples (input, expected) as (
    values
    ('3778035', 3778035),
    ('99999999999', 99999999999),
    ('999999999999999999', 999999999999999999),
    ('9223372036854775807', 9223372036854775807),
    ('9223372036854775808', null),
    ('-9223372036854775808', (-9223372036854775807 - 1)),
    ('-9223372036854775809', null),
    ('1234567890123456.0', 1234567890123456),
    (' 12 ', 12),
    ('12.5', null),
    ('1e9', null),
    ('--1', null),
    ('NaN', null),
    ('O1234', null),
    ('１２', null),
    ('', null),
    (repeat('9', 10000), null),
    (null, null)
),

results as (
    select
        examples.input,
        examples.expected,
        {{ as_bigint('examples.input') }} as got
    from examples
)

select
    input,
    expected,
    got
from results
where got is distinct from expected

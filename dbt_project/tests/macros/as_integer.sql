with examples (input, expected) as (
    values
    ('3', 3),
    ('0', 0),
    ('30', 30),
    ('3.0', 3),
    ('3.', 3),
    ('3.0000000', 3),
    (' 3 ', 3),
    (e'\t3\n', 3),
    (e'\u00a03\u00a0', 3),
    ('0003', 3),
    ('-3', -3),
    ('+3', 3),
    ('-0', 0),
    ('123456789', 123456789),
    ('1234567890', 1234567890),
    ('2147483647', 2147483647),
    ('2147483647.0', 2147483647),
    ('2147483648', null),
    ('-2147483648', -2147483648),
    ('-2147483649', null),
    ('99999999999', null),
    ('3.7', null),
    ('-3.7', null),
    ('.0', null),
    ('.', null),
    ('+', null),
    ('--1', null),
    ('1-', null),
    ('1 2', null),
    ('1,000', null),
    ('1_000', null),
    ('1e5', null),
    ('0x1F', null),
    ('$3', null),
    ('three', null),
    ('NaN', null),
    ('Infinity', null),
    ('N/A', null),
    ('NULL', null),
    ('UNKNOWN', null),
    ('٣', null),
    ('1٣', null),
    ('３', null),
    ('', null),
    (' ', null),
    (repeat('9', 10000), null),
    (repeat('3', 1) || repeat(' ', 10000), null),
    (null, null)
),

results as (
    select
        examples.input,
        examples.expected,
        {{ as_integer('examples.input') }} as got
    from examples
)

select
    input,
    expected,
    got
from results
where got is distinct from expected

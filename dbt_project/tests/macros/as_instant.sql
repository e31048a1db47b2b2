with examples (input, expected) as (
    values
    ('2024-01-01T06:00:00.000Z', '2024-01-01 06:00:00+00'::timestamptz),
    ('2026-01-02T03:04:05.678Z', '2026-01-02 03:04:05.678+00'),
    ('2024-07-01T00:00:00.000Z', '2024-06-30 19:00:00-05'),
    ('2024-02-29T00:00:00.000Z', '2024-02-29 00:00:00+00'),
    ('2024-01-31T06:00:00Z', '2024-01-31 06:00:00+00'),
    ('2024-01-01T06:00:00.123456Z', '2024-01-01 06:00:00.123456+00'),
    ('2024-01-01T06:00:00.000Z ', '2024-01-01 06:00:00+00'),
    ('2024-02-30T06:00:00.000Z', null),
    ('2023-02-29T06:00:00.000Z', null),
    ('2024-01-01T25:00:00.000Z', null),
    ('2024-01-01T06:00:00.000', null),
    ('2024-01-01T06:00:00.000+00:00', null),
    ('Z', null),
    ('yesterdayZ', null),
    ('now', null),
    ('1704067200', null),
    ('N/A', null),
    ('', null),
    (null, null)
),

results as (
    select
        examples.input,
        examples.expected,
        {{ as_instant('examples.input') }} as got
    from examples
)

select
    input,
    expected,
    got
from results
where got is distinct from expected

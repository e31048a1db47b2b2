with examples (input, expected) as (
    values
    ('2024-01-01 12:00:00'::timestamp, '2024-01-01 18:00:00+00'::timestamptz),
    ('2024-07-01 12:00:00', '2024-07-01 17:00:00+00'),
    -- the hour that does not exist in spring, the hour that exists twice in autumn
    ('2024-03-10 01:59:59', '2024-03-10 07:59:59+00'),
    ('2024-03-10 02:30:00', '2024-03-10 08:30:00+00'),
    ('2024-03-10 03:00:00', '2024-03-10 08:00:00+00'),
    ('2024-11-03 00:59:59', '2024-11-03 05:59:59+00'),
    ('2024-11-03 01:30:00', '2024-11-03 07:30:00+00'),
    ('2024-11-03 02:00:00', '2024-11-03 08:00:00+00'),
    (null, null)
),

results as (
    select
        examples.input,
        examples.expected,
        {{ local_to_instant('examples.input') }} as got
    from examples
)

select
    input,
    expected,
    got
from results
where got is distinct from expected

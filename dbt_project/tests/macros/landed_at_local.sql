with examples (_dlt_load_id, expected) as (
    values
    ('1760000001.5', '2025-10-09 03:53:21'::timestamp),
    ('1735711200.1234567', '2025-01-01 00:00:00'),
    ('1735711199.9', '2024-12-31 23:59:59'),
    ('1735711200', '2025-01-01 00:00:00'),
    ('manual', null),
    (null, null)
),

results as (
    select
        examples._dlt_load_id,
        examples.expected,
        {{ landed_at_local('examples') }} as got
    from examples
)

select
    _dlt_load_id,
    expected,
    got
from results
where got is distinct from expected

{{ config(
    tags=['domain'],
    fail_calc='coalesce(max(without_point_per_million), 0)::bigint',
    warn_if='>100000',
    error_if='>500000',
) }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
select
    count(*) as crashes,
    count(*) filter (where has_valid_location) as located,
    1000000 * count(*) filter (where not has_valid_location) / count(*) as without_point_per_million
from {{ ref('crashes') }}
where updated_at >= {{ newly_shown_since('crashes') }} and deleted_at is null
having
    count(*) >= 500
    and count(*) filter (where has_valid_location) < 0.9 * count(*)

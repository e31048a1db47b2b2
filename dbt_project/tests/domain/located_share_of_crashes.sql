{{ config(severity='warn', tags=['domain']) }}

select
    count(*) as crashes,
    count(*) filter (where has_valid_location) as located
from {{ ref('crashes') }}
where updated_at >= {{ newly_shown_since('crashes') }} and deleted_at is null
having
    count(*) >= 500
    and count(*) filter (where has_valid_location) < 0.9 * count(*)

{{ config(tags=['cross_table'], warn_if='>15000', error_if='>50000') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with counted as (
    select
        crash_record_id,
        count(*) as units
    from {{ ref('vehicles') }}
    where deleted_at is null
    group by crash_record_id
),

compared as (
    select
        crashes.crash_record_id,
        crashes.num_units,
        counted.units,
        count(*) over () as all_crashes
    from {{ ref('crashes') }} as crashes
    inner join counted on crashes.crash_record_id = counted.crash_record_id
    where crashes.deleted_at is null
)

select
    *,
    1000000 * count(*) over () / all_crashes as per_million
from compared
where num_units <> units

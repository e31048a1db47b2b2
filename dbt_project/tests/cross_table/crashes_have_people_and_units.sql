{{ config(tags=['cross_table'], severity='warn', warn_if='>20000') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with compared as (
    select
        crashes.crash_record_id,
        crashes.num_units,
        not exists (
            select from {{ ref('people') }} as people
            where people.crash_record_id = crashes.crash_record_id and people.deleted_at is null
        ) as is_without_people,
        not exists (
            select from {{ ref('vehicles') }} as vehicles
            where vehicles.crash_record_id = crashes.crash_record_id and vehicles.deleted_at is null
        ) as is_without_units,
        count(*) over () as all_crashes
    from {{ ref('crashes') }} as crashes
    where crashes.deleted_at is null and crashes.num_units > 0
)

select
    *,
    1000000 * count(*) over () / all_crashes as per_million
from compared
where is_without_people or is_without_units

{{ config(tags=['cross_table'], warn_if='>10000', error_if='>50000') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with compared as (
    select
        people.person_id,
        people.crash_record_id,
        people.vehicle_id,
        vehicles.vehicle_id is null as is_missing,
        count(*) over () as all_people
    from {{ ref('people') }} as people
    left outer join {{ ref('vehicles') }} as vehicles
        on
            people.vehicle_id = vehicles.vehicle_id
            and people.crash_record_id = vehicles.crash_record_id
            and vehicles.deleted_at is null
    where people.vehicle_id is not null and people.deleted_at is null
)

select
    person_id,
    crash_record_id,
    vehicle_id,
    1000000 * count(*) over () / all_people as per_million
from compared
where is_missing

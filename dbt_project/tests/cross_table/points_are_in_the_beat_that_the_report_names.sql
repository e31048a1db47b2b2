{{ config(tags=['cross_table'], severity='warn', warn_if='>10000') }}

with compared as (
    select
        crashes.crash_record_id,
        crashes.beat_of_occurrence,
        places.police_beat,
        lpad(crashes.beat_of_occurrence::text, 4, '0') <> lpad(places.police_beat, 4, '0') as differs,
        count(*) over () as all_crashes
    from {{ ref('crash_places') }} as places
    inner join {{ ref('crashes') }} as crashes on places.crash_record_id = crashes.crash_record_id
    where places.police_beat is not null and crashes.beat_of_occurrence is not null and crashes.deleted_at is null
)

select
    crash_record_id,
    beat_of_occurrence,
    police_beat,
    1000000 * count(*) over () / all_crashes as per_million
from compared
where differs

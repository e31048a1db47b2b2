{{ config(tags=['cross_table'], severity='warn', warn_if='>10000') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with judged as (
    select
        crash_record_id,
        beat_of_occurrence,
        police_beat,
        jsonb_path_exists(violations, '$[*] ? (@.rule == "crashes.beat_of_occurrence.contradicts_point")') as differs,
        count(*) over () as all_crashes
    from {{ ref('crashes') }}
    where police_beat is not null and beat_of_occurrence is not null and deleted_at is null
)

select
    crash_record_id,
    beat_of_occurrence,
    police_beat,
    1000000 * count(*) over () / all_crashes as per_million
from judged
where differs

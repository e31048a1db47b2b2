{{ config(tags=['cross_table'], warn_if='>10000', error_if='>50000') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with counted as (
    select
        crash_record_id,
        count(*) filter (where injury_classification = 'FATAL') as fatal,
        count(*) filter (where injury_classification = 'INCAPACITATING INJURY') as incapacitating,
        count(*) filter (where injury_classification = 'NONINCAPACITATING INJURY') as non_incapacitating,
        count(*) filter (where injury_classification = 'REPORTED, NOT EVIDENT') as reported
    from {{ ref('people') }}
    where deleted_at is null
    group by crash_record_id
),

compared as (
    select
        crashes.crash_record_id,
        crashes.injuries_fatal,
        counted.fatal as people_fatal,
        crashes.injuries_incapacitating,
        counted.incapacitating as people_incapacitating,
        crashes.injuries_non_incapacitating,
        counted.non_incapacitating as people_non_incapacitating,
        crashes.injuries_reported_not_evident,
        counted.reported as people_reported,
        count(*) over () as all_crashes
    from {{ ref('crashes') }} as crashes
    inner join counted on crashes.crash_record_id = counted.crash_record_id
    where crashes.deleted_at is null
)

select
    *,
    1000000 * count(*) over () / all_crashes as per_million
from compared
where
    injuries_fatal <> people_fatal
    or injuries_incapacitating <> people_incapacitating
    or injuries_non_incapacitating <> people_non_incapacitating
    or injuries_reported_not_evident <> people_reported

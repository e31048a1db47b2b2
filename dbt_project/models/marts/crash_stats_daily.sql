-- One row a day, type, weather, cause and severity of crashes, for whatever sum is wanted.
select
    crashes.first_crash_type,
    crashes.weather_condition,
    crashes.prim_contributory_cause,
    crashes.severity_score,
    crashes.crash_at_local::date as crash_day,
    {{ crash_counts() }}
from {{ ref('crashes') }} as crashes
where crashes.deleted_at is null
group by
    crashes.first_crash_type,
    crashes.weather_condition,
    crashes.prim_contributory_cause,
    crashes.severity_score,
    crashes.crash_at_local::date

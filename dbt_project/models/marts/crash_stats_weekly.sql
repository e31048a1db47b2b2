-- One row a week (Monday to Sunday), type, weather, cause and severity of crashes.
select
    crashes.first_crash_type,
    crashes.weather_condition,
    crashes.prim_contributory_cause,
    crashes.severity_score,
    date_trunc('week', crashes.crash_at_local)::date as week,
    {{ crash_counts() }}
from {{ ref('crashes') }} as crashes
where crashes.deleted_at is null
group by
    crashes.first_crash_type,
    crashes.weather_condition,
    crashes.prim_contributory_cause,
    crashes.severity_score,
    date_trunc('week', crashes.crash_at_local)::date

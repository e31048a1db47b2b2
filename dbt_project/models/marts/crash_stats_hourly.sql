-- One row a day, hour and severity of crashes: when in the day and in the week.
select
    crashes.severity_score,
    crashes.crash_at_local::date as crash_day,
    (extract(dow from crashes.crash_at_local) + 1)::integer as day_of_week,
    extract(hour from crashes.crash_at_local)::integer as hour,
    {{ crash_counts() }}
from {{ ref('crashes') }} as crashes
where crashes.deleted_at is null
group by
    crashes.severity_score,
    crashes.crash_at_local::date,
    (extract(dow from crashes.crash_at_local) + 1)::integer,
    extract(hour from crashes.crash_at_local)::integer

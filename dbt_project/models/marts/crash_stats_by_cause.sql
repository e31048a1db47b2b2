-- One row a day, primary cause and secondary cause of crashes.
select
    crashes.prim_contributory_cause,
    crashes.sec_contributory_cause,
    crashes.crash_at_local::date as crash_day,
    {{ crash_counts() }}
from {{ ref('crashes') }} as crashes
where crashes.deleted_at is null
group by
    crashes.prim_contributory_cause,
    crashes.sec_contributory_cause,
    crashes.crash_at_local::date

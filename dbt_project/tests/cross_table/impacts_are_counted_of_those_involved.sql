{{ config(tags=['cross_table'], error_if='>0') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
-- no share of them may differ, however small
select
    1000000 as per_million,
    coalesce(kept.crash_record_id, counted.crash_record_id) as crash_record_id,
    to_jsonb(kept) as kept,
    to_jsonb(counted) as counted
from {{ ref('int_crashes__impacts') }} as kept
full outer join {{ ref('int_crashes__involved') }} as counted on kept.crash_record_id = counted.crash_record_id
where row(kept.*) is distinct from row(counted.*)

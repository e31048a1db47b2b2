{{ config(tags=['cross_table'], error_if='>0') }}

with kept as (
    select to_jsonb(impacts) as counts
    from {{ ref('int_crashes__impacts') }} as impacts
),

counted as (
    select to_jsonb(involved) as counts
    from {{ ref('int_crashes__involved') }} as involved
),

different as (
    (
        select counts from kept
        except
        select counts from counted
    )
    union all
    (
        select counts from counted
        except
        select counts from kept
    )
)

select
    counts,
    1000000 as per_million,
    counts ->> 'crash_record_id' as crash_record_id
from different

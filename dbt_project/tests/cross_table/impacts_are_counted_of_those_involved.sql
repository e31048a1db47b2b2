{{ config(tags=['cross_table'], error_if='>0') }}

with kept as (
    select to_jsonb(impacts) as row
    from {{ ref('int_crashes__impacts') }} as impacts
),

counted as (
    select to_jsonb(involved) as row
    from {{ ref('int_crashes__involved') }} as involved
),

different as (
    (
        select row from kept
        except
        select row from counted
    )
    union all
    (
        select row from counted
        except
        select row from kept
    )
)

select
    row ->> 'crash_record_id' as crash_record_id,
    row,
    1000000 as per_million
from different

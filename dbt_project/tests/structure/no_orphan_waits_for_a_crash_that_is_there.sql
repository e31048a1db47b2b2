{{ config(tags=['structure']) }}

select
    orphans.table_name,
    orphans.row_key,
    orphans.crash_record_id,
    orphans.load_id
from {{ ref('orphans') }} as orphans
inner join {{ ref('crashes') }} as crashes on orphans.crash_record_id = crashes.crash_record_id
-- with crashes built alone, the others follow later
where
    orphans.crash_deleted_at is null
    and crashes.created_at <= (
        select max(loads.loaded_at)
        from {{ source('ops', 'model_loads') }} as loads
        where loads.model = 'held_back'
    )

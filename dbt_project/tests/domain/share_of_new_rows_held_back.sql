{{ config(severity='warn', tags=['domain']) }}

with held_back as (
    select
        table_name,
        count(distinct row_key) as held_back_rows
    from {{ ref('held_back') }}
    where loaded_at >= {{ newly_shown_since('held_back') }}
    group by table_name
),

landed as (
    select
        reads.dataset as table_name,
        sum(reads.rows) as landed_rows
    from {{ source('raw', 'portal_reads') }} as reads
    inner join {{ source('ops', 'model_loads') }} as taken
        on reads._dlt_load_id = taken.load_id and taken.model = 'held_back'
    where taken.loaded_at >= {{ newly_shown_since('held_back') }}
    group by reads.dataset
)

select
    landed.table_name,
    landed.landed_rows,
    held_back.held_back_rows
from landed
inner join held_back on landed.table_name = held_back.table_name
where landed.landed_rows >= 500 and held_back.held_back_rows > 0.01 * landed.landed_rows

{{ config(severity='warn', tags=['domain']) }}

with broken as (
    select
        table_name,
        count(distinct row_key) as nulled_rows
    from {{ ref('rule_violations') }}
    where severity = 'error' and loaded_at >= {{ newly_shown_since('held_back') }}
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
    broken.nulled_rows
from landed
inner join broken on landed.table_name = broken.table_name
where landed.landed_rows >= 500 and broken.nulled_rows > 0.02 * landed.landed_rows

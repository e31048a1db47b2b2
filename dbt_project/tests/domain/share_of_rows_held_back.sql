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
    {{ rows_looked_at() }}
)

select
    landed.table_name,
    landed.landed_rows,
    held_back.held_back_rows
from landed
inner join held_back on landed.table_name = held_back.table_name
where landed.landed_rows >= 500 and held_back.held_back_rows > 0.01 * landed.landed_rows

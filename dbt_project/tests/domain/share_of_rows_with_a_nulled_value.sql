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
    {{ rows_looked_at() }}
)

select
    landed.table_name,
    landed.landed_rows,
    broken.nulled_rows
from landed
inner join broken on landed.table_name = broken.table_name
where landed.landed_rows >= 500 and broken.nulled_rows > 0.02 * landed.landed_rows

{{ config(
    tags=['domain'],
    fail_calc='coalesce(max(per_million), 0)::bigint',
    warn_if='>10000',
    error_if='>100000',
) }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with held_back as (
    select
        table_name,
        count(distinct row_key) as held_back_rows
    from {{ ref('held_back') }}
    where loaded_at >= {{ newly_shown_since('held_back') }}
    group by table_name
),

looked_at as (
    {{ rows_looked_at() }}
)

select
    looked_at.table_name,
    looked_at.rows_looked_at,
    held_back.held_back_rows,
    1000000 * held_back.held_back_rows / (looked_at.rows_looked_at + held_back.held_back_rows) as per_million
from looked_at
inner join held_back on looked_at.table_name = held_back.table_name
where
    looked_at.rows_looked_at + held_back.held_back_rows >= 500
    and held_back.held_back_rows > 0.01 * (looked_at.rows_looked_at + held_back.held_back_rows)

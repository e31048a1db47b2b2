{{ config(
    tags=['domain'],
    fail_calc='coalesce(max(per_million), 0)::bigint',
    warn_if='>20000',
    error_if='>200000',
) }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with broken as (
    select
        table_name,
        count(distinct row_key) as nulled_rows
    from {{ ref('rule_violations') }}
    where severity = 'error' and loaded_at >= {{ newly_shown_since('held_back') }}
    group by table_name
),

looked_at as (
    {{ rows_looked_at() }}
)

select
    looked_at.table_name,
    looked_at.rows_looked_at,
    broken.nulled_rows,
    1000000 * broken.nulled_rows / looked_at.rows_looked_at as per_million
from looked_at
inner join broken on looked_at.table_name = broken.table_name
where looked_at.rows_looked_at >= 500 and broken.nulled_rows > 0.02 * looked_at.rows_looked_at

{{ config(tags=['structure']) }}

select
    table_name,
    row_key,
    rule_id,
    count(*) as times
from {{ ref('held_back') }}
where has_key
group by table_name, row_key, rule_id
having count(*) > 1

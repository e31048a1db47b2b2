{{ config(tags=['structure']) }}

select
    rule_id,
    count(*) as times
from {{ ref('rules') }}
group by rule_id
having
    count(*) > 1
    or min(severity) not in ('held_back', 'error', 'warn')

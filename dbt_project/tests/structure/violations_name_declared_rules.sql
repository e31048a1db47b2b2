{{ config(tags=['structure']) }}

select
    violations.table_name,
    violations.row_key,
    violations.rule_id,
    violations.severity
from {{ ref('rule_violations') }} as violations
left outer join {{ ref('rules') }} as rules
    on
        violations.rule_id = rules.rule_id
        and violations.table_name = rules.table_name
        and violations.column_name = rules.column_name
        and violations.severity = rules.severity
where
    violations.loaded_at >= {{ newly_shown_since('held_back') }}
    and rules.rule_id is null

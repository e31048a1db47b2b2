-- One row a rule and load: how many rows that this load brought break the rule now. Start here to see what is wrong with the
-- data, and since when; quality.rule_violations has the rows.
select
    violations.rule_id,
    violations.table_name,
    violations.column_name,
    violations.severity,
    rules.sentence,
    violations.load_id,
    violations.loaded_at,
    count(*) as violations
from {{ ref('rule_violations') }} as violations
inner join {{ ref('rules') }} as rules on violations.rule_id = rules.rule_id
group by
    violations.rule_id,
    violations.table_name,
    violations.column_name,
    violations.severity,
    rules.sentence,
    violations.load_id,
    violations.loaded_at

-- One row a rule, as declared in dbt_project/macros/rules.
{% for rule in all_rules() -%}
select
    '{{ rule.id }}' as rule_id,
    '{{ rule.table }}' as table_name,
    '{{ rule.column }}' as column_name,
    '{{ rule.severity }}' as severity,
    '{{ escape_single_quotes(rule.sentence) }}' as sentence
{% if not loop.last %}union all
{% endif -%}
{%- endfor %}

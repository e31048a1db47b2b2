{#- The rules of one final table, or of all: what `quality.rules` shows and what the staging models check. -#}
{% macro rules_of(table) -%}
    {%- set declared = {
        "crashes": crashes_rules, "people": people_rules, "vehicles": vehicles_rules,
        "vision_zero_fatalities": vision_zero_fatalities_rules,
    } -%}
    {{ return(declared[table]()) }}
{%- endmacro %}


{% macro all_rules() -%}
    {{ return(crashes_rules() + people_rules() + vehicles_rules() + vision_zero_fatalities_rules()) }}
{%- endmacro %}


{#- What the rules find in a row of a staging view's CTE `clean`: a JSON array, null where all is well. Nearly every row is well, and
    answers the first `when` alone. -#}
{% macro violations_of(table) -%}
{%- set rules = [] -%}
{%- for rule in rules_of(table) if rule.broken -%}
    {%- do rules.append(dict(rule, broken=rule.broken | replace("published.", "clean.published_"))) -%}
{%- endfor -%}
{%- if var('linting') -%}
violations_of('{{ table }}')
{%- else -%}
case
    when
        {%- for rule in rules %}
        {{ "or " if not loop.first }}({{ rule.broken }})
        {%- endfor %}
        then to_jsonb(array_remove(array[
            {%- for rule in rules %}
            case
                when {{ rule.broken }} then jsonb_build_object(
                    'rule', '{{ rule.id }}',
                    'column', '{{ rule.column }}',
                    'value', clean.published_{{ rule.column }},
                    'severity', '{{ rule.severity }}'
                )
            end{{ "," if not loop.last }}
            {%- endfor %}
        ], null))
end
{%- endif -%}
{%- endmacro %}

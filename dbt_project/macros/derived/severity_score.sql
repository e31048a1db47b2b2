{#- 5 if anybody died, 4 with an incapacitating injury, 3 with another visible one, 2 with one that is only reported, else 1. -#}
{% macro severity_score(relation) -%}
case
            when {{ relation }}.injuries_fatal > 0 then 5
            when {{ relation }}.injuries_incapacitating > 0 then 4
            when {{ relation }}.injuries_non_incapacitating > 0 then 3
            when {{ relation }}.injuries_reported_not_evident > 0 then 2
            else 1
        end
{%- endmacro %}

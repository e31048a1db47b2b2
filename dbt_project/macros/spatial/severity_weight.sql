{#- What a crash of this severity_score counts where places are compared: see severity_weights in dbt_project.yml. -#}
{% macro severity_weight(severity_score) -%}
(array{{ var('severity_weights') }})[{{ severity_score }}]
{%- endmacro %}

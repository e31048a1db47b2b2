{#- A model's schema is exactly what dbt_project.yml says, without dbt's prefix: marts.crashes is marts.crashes. -#}
{% macro generate_schema_name(custom_schema_name, node) %}
    {{- (custom_schema_name or target.schema) | trim -}}
{% endmacro %}

{#- Rows that a data test found at fault are kept in the schema quality beside its views: under a name that says what they are.
    All else has the name of its file. -#}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- set name = (custom_alias_name or node.name) | trim -%}
    {{- 'failed_' ~ name if node.resource_type == 'test' else name -}}
{%- endmacro %}

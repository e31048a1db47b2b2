{#- A table that only the runner writes: where plain dlt and dbt are all that was ever run, it is not there, and so empty. -#}
{% macro or_empty(relation, columns) -%}
{%- if not execute or server_has(relation) -%}
{{ relation }}
{%- else -%}
(select null as {{ columns | join(', null as ') }} where false) as absent
{%- endif -%}
{%- endmacro %}

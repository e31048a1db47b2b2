{#- What stands before every query: the execution of the runner, where there is one, and the node. -#}
{% macro query_comment(node) -%}
    {%- set about = {"app": "dbt", "execution_id": env_var("CRASHES_EXECUTION_ID", ""), "node_id": node.unique_id if node else ""} -%}
    {{ return(tojson(about)) }}
{%- endmacro %}

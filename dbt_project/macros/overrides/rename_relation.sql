{#- One swap at a time: what hangs on a table is moved to the new one in the same transaction (keep_dependents), and a view
    over two tables that are swapped at once would have each wait for the other. -#}
{% macro postgres__rename_relation(from_relation, to_relation) -%}
    {%- if not from_relation.is_view -%}
        {%- do run_query("select pg_advisory_xact_lock(hashtext('chicago_crashes.swap'))") -%}
        {%- do run_query(lock_for_swap(from_relation)) -%}
    {%- endif -%}
    {{ return(default__rename_relation(from_relation, to_relation)) }}
{%- endmacro %}

{#- What PostgreSQL knows of a table. `condition`: over pg_class and, where the server has counted anything yet, pg_stat_user_tables. -#}
{% macro server_tells(relation, condition) -%}
    {%- set asked %}
        select 1
        from pg_class
        left join pg_stat_user_tables on pg_class.oid = pg_stat_user_tables.relid
        where pg_class.oid = '{{ relation }}'::regclass and ({{ condition }})
    {%- endset -%}
    {{ return(run_query(asked) | length > 0) }}
{%- endmacro %}


{#- Does it belong to the role that builds? -#}
{% macro is_ours(relation) -%}
    {{ return(server_tells(relation, "pg_has_role(pg_class.relowner, 'usage')")) }}
{%- endmacro %}

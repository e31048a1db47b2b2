{#- Is there such a table, view or index? Asked of the server: dbt's cache calls a schema known as soon as the first of its relations is
    noted, and denies the others to whoever asks on another thread in that moment. -#}
{% macro server_has(name) -%}
    {{ return(run_query("select 1 where to_regclass('" ~ name ~ "') is not null") | length > 0) }}
{%- endmacro %}


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

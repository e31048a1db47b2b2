{#- The landed rows are looked up by sanitized key: increments ask for all versions of the keys they touch. So raw is indexed
    by the very expressions of the staging view (the name follows the expression, so that a changed one is indexed anew), and
    by load, in which it is physically ordered. A role that may only read raw (`crashes db roles`) finds them made by its owner. -#}
{% macro index_published(expressions) -%}
    {%- set published = source('raw', model.name.split('__')[1]) -%}
    {%- if not execute or _is_ours(published) -%}
    {%- for column, expression in expressions.items() -%}
        create index if not exists {{ published.identifier }}_{{ column }}_{{ local_md5(expression)[:6] }}
        on {{ published }} using hash (({{ expression | replace('published.', '') }}));
    {% endfor -%}
    create index if not exists {{ published.identifier }}_by_load
    on {{ published }} using brin (_dlt_load_id) with (pages_per_range = 16);
    {% if execute and _statistics_are_stale(published) -%}
    analyze {{ published }}
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro _is_ours(relation) -%}
    {{ return(run_query("select 1 from pg_class where oid = '" ~ relation ~ "'::regclass and pg_has_role(relowner, 'usage')") | length > 0) }}
{%- endmacro %}


{#- Autovacuum looks after it too, but a minute after the load, and the build follows at once. -#}
{% macro _statistics_are_stale(relation) -%}
    {%- set stale %}
        select 1
        from pg_class
        left join pg_stat_user_tables on pg_class.oid = pg_stat_user_tables.relid
        where
            pg_class.oid = '{{ relation }}'::regclass
            and (pg_class.reltuples <= 0 or pg_stat_user_tables.n_mod_since_analyze > pg_class.reltuples / 5)
    {%- endset -%}
    {{ return(run_query(stale) | length > 0) }}
{%- endmacro %}

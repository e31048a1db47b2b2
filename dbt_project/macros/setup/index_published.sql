{#- The landed rows are looked up by sanitized key: increments ask for all versions of the keys they touch. So raw is indexed
    by the very expressions of the staging view (the name follows the expression, so that a changed one is indexed anew), and
    by load, in which it is physically ordered. A role that may only read raw (`crashes db roles`) finds them made by its owner. -#}
{% macro index_published(expressions) -%}
    {%- set published = source('raw', model.name.split('__')[1]) -%}
    {%- if not execute or _is_ours(published) -%}
    {%- set index_names = [] -%}
    {%- for column, expression in expressions.items() -%}
        {%- do index_names.append(published.identifier ~ '_' ~ column ~ '_' ~ local_md5(expression)[:6]) -%}
        create index if not exists {{ index_names[-1] }}
        on {{ published }} using hash (({{ expression | replace('published.', '') }}));
    {% endfor -%}
    create index if not exists {{ _index_by_load(published) }}
    on {{ published }} using brin (_dlt_load_id) with (pages_per_range = 16);
    {% if execute and (_statistics_are_stale(published) or not _are_analyzed(published, index_names)) -%}
    analyze {{ published }}
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- Before each build: what was appended since is added to the index on loads (until then, all of it is searched each time), and
    the planner learns how much there is now. Autovacuum looks after both, but a minute after the load, and the build follows at once. -#}
{% macro keep_published() -%}
    {%- if execute -%}
    {%- for table in ['crashes', 'people', 'vehicles'] -%}
    {%- set published = source('raw', table) -%}
    {%- set index = published.schema ~ '.' ~ _index_by_load(published) -%}
    {%- if run_query("select 1 where to_regclass('" ~ index ~ "') is not null") | length > 0 and _is_ours(published) %}
    select brin_summarize_new_values('{{ index }}'::regclass);
    {% if _statistics_are_stale(published) -%}
    analyze {{ published }};
    {%- endif -%}
    {%- endif -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{% macro _index_by_load(published) -%}
{{ published.identifier }}_by_load
{%- endmacro %}


{% macro _is_ours(relation) -%}
    {{ return(run_query("select 1 from pg_class where oid = '" ~ relation ~ "'::regclass and pg_has_role(relowner, 'usage')") | length > 0) }}
{%- endmacro %}


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


{#- An index of expressions has statistics of its own, from the first analysis after it was made. -#}
{% macro _are_analyzed(relation, index_names) -%}
    {%- set analyzed %}
        select distinct tablename
        from pg_stats
        where schemaname = '{{ relation.schema }}' and tablename in ('{{ index_names | join("', '") }}')
    {%- endset -%}
    {{ return(run_query(analyzed) | length == index_names | length) }}
{%- endmacro %}

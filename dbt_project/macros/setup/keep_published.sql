{#- Before each build: what was appended since is added to the index on loads (until then, all of it is searched each time). Autovacuum
    looks after that, but a minute after the load, and the build follows at once. -#}
{% macro keep_published() -%}
    {%- if execute -%}
    {%- for table in ['crashes', 'people', 'vehicles'] -%}
    {%- set published = source('raw', table) -%}
    {%- set index = published.schema ~ '.' ~ index_by_load(published) -%}
    {%- if server_has(index) and is_ours(published) %}
    select brin_summarize_new_values('{{ index }}'::regclass);
    {{ _analyze_if_stale(published) }}
    {%- endif -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#- After a staging view is made, so that all three are looked at side by side: the planner learns how much there is now. -#}
{% macro analyze_published() -%}
    {%- set published = source('raw', model.name.split('__')[1]) -%}
    {%- if execute and is_ours(published) -%}
    {{ _analyze_if_stale(published) }}
    {%- endif -%}
{%- endmacro %}


{% macro _analyze_if_stale(relation) -%}
    {%- if server_tells(
        relation, "pg_class.reltuples <= 0 or pg_stat_user_tables.n_mod_since_analyze > pg_class.reltuples / 5"
    ) -%}
    analyze {{ relation }};
    {%- endif -%}
{%- endmacro %}

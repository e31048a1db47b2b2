{#- Landed rows are looked up by load, in which they physically lie, and by sanitized key: increments ask for what a load brought and for
    all versions of the keys that it touches, and so does whoever judges or asks for a row. Raw is indexed by load and by the very
    expressions of the staging views for that. Called by the models that look rows up, with the names of the tables, in the transaction
    that builds them: `before_begin` would leave the rest of it without one (psycopg2 takes the transaction that dbt ends there for
    open). The first build of the final tables does without. A role that may only read raw (`crashes db roles`) finds the indexes made
    by its owner.
    A key index's name follows its expression, so that a changed one is indexed anew, and the old one goes. -#}
{% macro index_published() -%}
    {%- if execute -%}
    {%- for table in varargs -%}
        {%- set published = source('raw', table) -%}
        {%- set indexes = _key_indexes(table) -%}
        {%- if not _are_analyzed(published, indexes.keys() | list) and is_ours(published) %}
    -- two models may want them at once
    select pg_advisory_xact_lock(hashtextextended('{{ published }}', 0));
    create index if not exists {{ index_by_load(published) }}
    on {{ published }} using brin (_dlt_load_id) with (pages_per_range = 16);
        {%- for name, expression in indexes.items() %}
    create index if not exists {{ name }} on {{ published }} using hash (({{ expression }}));
        {%- endfor %}
        {%- for name in _outdated(published, indexes.keys() | list) %}
    drop index if exists {{ name }};
        {%- endfor %}
    analyze {{ published }};
        {%- endif -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{% macro index_by_load(published) -%}
{{ published.identifier }}_by_load
{%- endmacro %}


{% macro _key_indexes(table) -%}
    {%- set keys = {
        'crashes': {'crash_record_id': as_text_key('crash_record_id', is_hex=true)},
        'people': {'person_id': as_text_key('person_id'), 'crash_record_id': as_text_key('crash_record_id', is_hex=true)},
        'vehicles': {'crash_unit_id': as_bigint('crash_unit_id'), 'crash_record_id': as_text_key('crash_record_id', is_hex=true)},
    } -%}
    {%- set indexes = {} -%}
    {%- for column, expression in keys[table].items() -%}
        {%- do indexes.update({table ~ '_' ~ column ~ '_' ~ local_md5(expression)[:6]: expression}) -%}
    {%- endfor -%}
    {{ return(indexes) }}
{%- endmacro %}


{#- Indexes of keys as they were expressed before. -#}
{% macro _outdated(published, names) -%}
    {%- set outdated %}
        select indexrelid::regclass
        from pg_index
        inner join pg_class on pg_index.indexrelid = pg_class.oid
        where
            pg_index.indrelid = '{{ published }}'::regclass
            and pg_class.relname ~ '_[0-9a-f]{6}$'
            and left(pg_class.relname, -7) in (
                {%- for name in names %}'{{ name[:-7] }}'{{ ', ' if not loop.last }}{% endfor -%}
            )
            and pg_class.relname not in ('{{ names | join("', '") }}')
    {%- endset -%}
    {{ return(run_query(outdated).columns[0].values()) }}
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

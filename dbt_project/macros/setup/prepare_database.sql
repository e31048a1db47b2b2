{#- Before anything is built: the extension, dbt's own bookkeeping, and a plain sentence where there is nothing to build
    from. Everything is made only if it is missing. -#}
{% macro prepare_database() -%}
    {%- if execute -%}
        {%- do _stop_if_nothing_has_landed() -%}
    {%- endif -%}
    create extension if not exists postgis;
    {%- if execute and not adapter.check_schema_exists(target.database, source('ops', 'model_loads').schema) %}
    create schema {{ source('ops', 'model_loads').schema }};
    {%- endif %}

    -- Which committed dlt loads each final table has taken in.
    create table if not exists {{ source('ops', 'model_loads') }} (
        model text not null,
        load_id text not null,
        loaded_at timestamptz not null,
        claimed_at timestamptz not null default now(),
        invocation_id text not null,
        applied boolean not null default false,
        primary key (model, load_id)
    );

    -- What each build did to each final table.
    create table if not exists {{ source('ops', 'model_changes') }} (
        invocation_id text not null,
        model text not null,
        inserted bigint not null,
        updated bigint not null,
        unchanged bigint not null,
        held_back bigint not null,
        built_at timestamptz not null default now(),
        primary key (invocation_id, model)
    );

    -- By which layers, in which form, a table has its places.
    create table if not exists {{ source('ops', 'placed_layers') }} (
        model text not null,
        layer_id text not null,
        version_id text not null,
        is_city_wide boolean not null,
        is_new boolean not null,
        placed_at timestamptz not null default now(),
        primary key (model, layer_id)
    )
{%- endmacro %}


{% macro _stop_if_nothing_has_landed() -%}
    {%- set needed = [] -%}
    {%- for name in ['crashes', 'people', 'vehicles', 'vision_zero_fatalities', '_dlt_loads', 'portal_reads', 'portal_deletions', 'portal_datasets'] -%}
        {%- set relation = source('raw', name) -%}
        {%- if not adapter.get_relation(relation.database, relation.schema, relation.identifier) -%}
            {%- do needed.append(relation.schema ~ '.' ~ relation.identifier) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if needed -%}
        {%- do exceptions.raise_compiler_error(
            "nothing has landed yet: run `python -m ingest` or `crashes run` first (there is no " ~ needed | join(", ") ~ ")"
        ) -%}
    {%- endif -%}
{%- endmacro %}

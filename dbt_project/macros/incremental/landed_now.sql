{#- Versions that the loads not yet applied have brought: the rows of int_<table>__landed_keys, as a relation to select from.
    One load has almost all rows of raw, so by its statistics every load has, and an increment would be planned for millions. What is
    new is therefore put into a table of its own first (`note_landed`, in the build's transaction) and counted there. Where nothing is
    built (a unit test, `dbt show`, a linter) it is the query itself; that needs CTE `loads`. -#}
{% macro landed_now(table) -%}
    {%- if is_building_model() -%}
        {{ _note_of(table) }}
    {%- else -%}
        (
            {{ _versions_of_new_loads(table, 'loads') }}
        )
    {%- endif -%}
{%- endmacro %}


{#- By the index on loads, for the same statistics would have all of raw read. -#}
{% macro note_landed(table) -%}
    {%- set claimed -%}
        (select * from {{ source('ops', 'model_loads') }} where model = '{{ this.identifier }}')
    {%- endset -%}
    set local enable_seqscan = off;
    create temporary table {{ _note_of(table) }} on commit drop as
    {{ _versions_of_new_loads(table, claimed ~ ' as loads') }};
    set local enable_seqscan = on;
    analyze {{ _note_of(table) }}
{%- endmacro %}


{% macro _note_of(table) -%}
{{ table }}_landed_now
{%- endmacro %}


{% macro _versions_of_new_loads(table, loads) -%}
    select landed.*
    from {{ loads }}
    inner join lateral (
        select landed_keys.*
        from {{ ref('int_' ~ table ~ '__landed_keys') }} as landed_keys
        where landed_keys._dlt_load_id = loads.load_id
        {{ one_by_one() }}
    ) as landed on true
    where not loads.applied
{%- endmacro %}

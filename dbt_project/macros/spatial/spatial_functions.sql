{#- Questions about places as functions of the schema spatial, for analysts, notebooks and tile servers, and for `crashes near`
    and `crashes within`. Called at the end of each build that makes views. dbt's own functions are scalar expressions without a setting of their
    own; these return tables, raise errors and fix their search path.

    They name tables, and do not depend on them: a full refresh may drop and make those again. `reads` is for dbt, which would
    not see what they read: see on-run-end in dbt_project.yml. -#}
{% macro spatial_functions(reads) -%}
    {%- if not execute or makes_views() -%}
    {%- if execute and not adapter.check_schema_exists(target.database, 'spatial') %}
    create schema spatial;
    {%- endif %}
    {{ checked_window_function() }}
    {{ checked_place_function() }}
    {{ checked_area_function() }}
    {{ crashes_near_function() }}
    {{ crashes_within_function() }}
    {{ report_of_function() }}
    {{ report_near_function() }}
    {{ report_within_function() }}
    {{ feature_area_function() }}
    {%- endif -%}
{%- endmacro %}


{#- One function, made or replaced in its place, so that who is just calling it is not disturbed; the body is what the macro is
    called with. Arguments are triples of name, type and default (none: required). Where PostgreSQL cannot replace it, for it
    returned something else or its arguments were called otherwise, and where it took other arguments, the old one goes.

    Nothing is compiled and no worker started: for an answer of a few hundred crashes either takes longer than the answer (1,320
    feet and 4,255 of 1,000,000 crashes: 13 ms against 70 ms with two workers; 2026-11-27, two cores). Each call is planned by
    itself: ten crashes and ten thousand are not read in the same way. -#}
{% macro spatial_function(name, arguments, returns, comment) -%}
    {%- set declared = [] -%}
    {%- for argument, type, default in arguments -%}
        {%- do declared.append(argument ~ ' ' ~ type ~ (' default ' ~ default if default else '')) -%}
    {%- endfor -%}
    {%- set signature = 'spatial.' ~ name ~ '(' ~ arguments | map(attribute=1) | join(', ') ~ ')' -%}
    {%- set definition %}
create or replace function spatial.{{ name }}({{ declared | join(', ') }})
returns {{ returns }}
language plpgsql
stable
parallel safe
set search_path = pg_catalog, {{ postgis_schema() }}, pg_temp
set jit = off
set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_custom_plan
as $body$
#variable_conflict use_column
{{ caller() }}
$body$
    {%- endset %}
do $made$
declare
    other regprocedure;
begin
    begin
        execute $definition${{ definition }}$definition$;
    exception when invalid_function_definition then
        drop function {{ signature }} cascade;
        execute $definition${{ definition }}$definition$;
    end;
    for other in
        select oid from pg_catalog.pg_proc
        where pronamespace = 'spatial'::regnamespace and proname = '{{ name }}' and oid <> '{{ signature }}'::regprocedure
    loop
        execute 'drop function ' || other || ' cascade';
    end loop;
end
$made$;
comment on function {{ signature }} is $comment${{ comment }}$comment$;
{% endmacro %}


{#- PostGIS may be installed in any schema; its types are written with it where nobody has set a path. -#}
{% macro postgis_schema() -%}
    {{ return(run_query(
        "select extnamespace::regnamespace from pg_extension where extname = 'postgis'"
    ).columns[0].values()[0] if execute else 'public') }}
{%- endmacro %}


{#- A table by its name in this database, whatever that is called. -#}
{% macro in_schema(relation) -%}
    {{ return(relation.include(database=false)) }}
{%- endmacro %}


{#- Whether this invocation makes views of the project anew: only then may a function of it have become another. -#}
{% macro makes_views() -%}
    {%- if is_building() -%}
        {%- for node in graph.nodes.values() if node.unique_id in selected_resources and node.config.materialized == 'view' -%}
            {{ return(true) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}

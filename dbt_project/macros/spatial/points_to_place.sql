{#- Where all crashes are, for the layers that spatial.crash_features has not seen in this form: a relation to select from. A build puts
    them into a table of its own first (`note_points`), in the order of the plane and indexed: then the points in a piece of a feature
    are found together. Where nothing is built it is the query itself, wherever it is asked for: each time with the same numbers, for
    crashes in one place are told apart by their keys. -#}
{% macro points_to_place() -%}
    {%- if is_building() and model.resource_type == 'model' -%}
        points_to_place
    {%- else -%}
        (
            {{ _points_of_all() }}
        )
    {%- endif -%}
{%- endmacro %}


{% macro note_points() -%}
    {%- if execute %}
    create temporary table points_to_place on commit drop as
    {{ _points_of_all() }};
    create index on points_to_place using gist (geom);
    analyze points_to_place
    {%- endif %}
{%- endmacro %}


{#- The layers by which this model places crashes, as its book has them. -#}
{% macro wanted_layers() -%}
    select
        layer_id,
        is_city_wide,
        is_new
    from {{ source('ops', 'placed_layers') }}
    where model = 'crash_features'
{%- endmacro %}


{#- An increment leaves out the crashes that landed with it: it looks them up one by one, for every layer. What the crashes table says
    of the others has been read from raw and cleaned before. -#}
{% macro _points_of_all() -%}
    {%- set shown = crashes_as_last_built() -%}
    {%- set landed -%}
        select landed.crash_record_id from {{ landed_now('crashes') }} as landed where landed.crash_record_id is not null
    {%- endset -%}
    {%- set is_any_new = 'exists (select from wanted where wanted.is_new)' -%}
    with loads as (
        {{ claimed_loads('crash_features') }}
    ),

    wanted as (
        {{ wanted_layers() }}
    ),

    {% if is_incremental() and shown -%}
    everywhere as (
        select
            crash_record_id,
            geom
        from {{ shown }}
        where {{ is_any_new }}
    )
    {%- else -%}
    repeated_keys as (
        {{ repeated_keys(ref('int_crashes__landed_keys'), 'crash_record_id') }}
    ),

    everywhere as (
        {{ last_points_of_all(is_any_new) }}
    )
    {%- endif %}

    select
        crash_record_id,
        geom,
        row_number() over (order by geom, crash_record_id)::integer as point_number
    from everywhere
    where geom is not null and {{ in_increment('crash_record_id not in (' ~ landed ~ ')') }}
{%- endmacro %}


{#- The crashes table, which is built after this model and carries its places: as the last build left it, where that has taken in all that
    this model has. None otherwise. -#}
{% macro crashes_as_last_built() -%}
    {%- set shown = adapter.get_relation(this.database, generate_schema_name('marts', none), 'crashes') if execute else none -%}
    {%- set behind %}
        select 1
        from {{ source('ops', 'model_loads') }} as placed
        left join {{ source('ops', 'model_loads') }} as carried
            on placed.load_id = carried.load_id and carried.model = 'crashes' and carried.applied
        where placed.model = 'crash_features' and placed.applied and carried.load_id is null
        limit 1
    {%- endset -%}
    {{ return(shown if shown and run_query(behind) | length == 0 else none) }}
{%- endmacro %}

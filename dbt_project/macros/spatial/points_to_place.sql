{#- Where all crashes are, for the layers that spatial.crash_features has not seen in this form: a relation to select from. A build puts
    them into a table of its own first (`note_points`), in the order of the plane and indexed: then the points in a piece of a feature
    are found together. Where nothing is built it is the query itself, wherever it is asked for: each time with the same numbers, for
    crashes in one place are told apart by their keys. -#}
{% macro points_to_place() -%}
    {{ _noted('points_to_place') if is_building_model() else '(' ~ _points_of_all() ~ ')' }}
{%- endmacro %}


{#- Which of them are in which feature: the first and the last of each layer, in the layer's order, where there is more than one. -#}
{% macro points_inside() -%}
    {{ _noted('points_inside') if is_building_model() else '(' ~ _points_in_parts() ~ ')' }}
{%- endmacro %}


{% macro _noted(name) -%}
{{ generate_schema_name('staging', none) }}.{{ name }}
{%- endmacro %}


{#- Two tables of this transaction, which nobody else ever sees. No temporary ones, for those only one process can read: that `insert`s
    are of one process is why what takes the most work is done here. -#}
{% macro note_points() -%}
    {%- if execute %}
    create unlogged table {{ _noted('points_to_place') }} as
    {{ _points_of_all() }};
    create index on {{ _noted('points_to_place') }} using gist (geom);
    analyze {{ _noted('points_to_place') }};
    -- layer beside layer, each by a process of its own
    set local min_parallel_table_scan_size = '1TB';
    set local parallel_setup_cost = 0;
    set local parallel_tuple_cost = 0;
    create unlogged table {{ _noted('points_inside') }} as
    {%- for row in run_query('select layer_id from (' ~ wanted_layers() ~ ') as wanted where is_new') %}
    {{ _points_in_parts(dbt.string_literal(dbt.escape_single_quotes(row[0]))) }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    {{ _points_in_parts() }}
    {%- endfor %};
    analyze {{ _noted('points_inside') }};
    set local min_parallel_table_scan_size to default;
    set local parallel_setup_cost to default;
    set local parallel_tuple_cost to default
    {%- endif %}
{%- endmacro %}


{% macro forget_points() -%}
    {#- with the temporary view that an increment reads them through -#}
    drop table {{ _noted("points_to_place") }}, {{ _noted("points_inside") }} cascade
{%- endmacro %}


{#- Each piece of a feature looks up the points in it: a tenth of the time that each point takes to look up its pieces. So that PostgreSQL
    does not turn it round, the pieces are a subquery with a `with`, which no index is looked up through. Of one layer, or of all. -#}
{% macro _points_in_parts(layer_id=none) -%}
    select
        points.point_number,
        {{ layer_id ~ '::text as layer_id' if layer_id else 'parts.layer_id' }},
        min(parts.sort_position) as first_position,
        max(parts.sort_position) as last_position
    from (
        with pieces as (
            select
                feature_parts.layer_id,
                feature_parts.sort_position,
                feature_parts.geom
            from {{ ref('feature_parts') }} as feature_parts
        )

        select
            pieces.layer_id,
            pieces.sort_position,
            pieces.geom
        from pieces
    ) as parts
    inner join {{ points_to_place() }} as points on st_intersects(parts.geom, points.geom)
    {%- if layer_id %}
    where parts.layer_id = {{ layer_id }}
    group by points.point_number
    {%- else %}
    where parts.layer_id = any(array(
        select placed.layer_id from ({{ wanted_layers() }}) as placed where placed.is_new
    ))
    group by points.point_number, parts.layer_id
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

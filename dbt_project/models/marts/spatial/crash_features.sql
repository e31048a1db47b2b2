{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ claim_loads(landed=['crashes']) }}",
        "{{ book_layers_to_place() }}",
    ],
    post_hook=[
        "{{ primary_key('crash_record_id, layer_id') }}",
        "{{ index_if_missing('feature_id') }}",
        "{{ keep_dependents() }}",
        "{{ mark_loads_applied() }}",
        after_commit("{{ recall_dependents() }}"),
    ],
) }}

-- which layers there are is asked before: see book_layers_to_place
-- depends_on: {{ ref('layers') }}
{%- set nearest_degrees = var('nearest_feature_metres') ~ ' / 70000.0' -%}

-- One row a crash and layer in use: the feature that the crash is in. A crash on a border belongs to the first of its features in
-- the layer's order; one up to 25 m outside of a city-wide layer to the nearest. An increment looks at the crashes that landed,
-- for every layer, and at all crashes for layers that it has not seen in this form. It comes before the crashes table, which
-- carries the places in the City's own boundaries.
with loads as (
    select
        load_id,
        loaded_at,
        applied
    from {{ source('ops', 'model_loads') }}
    where model = 'crash_features'
),

wanted as (
    select
        layer_id,
        is_city_wide,
        not is_new as is_known
    from {{ source('ops', 'placed_layers') }}
    where model = 'crash_features'
),

{% if is_incremental() -%}
touched as (
    select distinct landed.crash_record_id from {{ landed_now('crashes') }} as landed
),

{% endif -%}
repeated_keys as (
    {{ repeated_keys(ref('int_crashes__landed_keys'), 'crash_record_id') }}
),

-- in the order of their keys, for so they are looked up: the key's index is made in half the time, and read in one go
points as materialized (
    select
        everywhere.crash_record_id,
        everywhere.geom,
        (select array_agg(wanted.layer_id) from wanted where not wanted.is_known) as layer_ids
    from ({{ last_points_of_all('exists (select from wanted where not wanted.is_known)') }}) as everywhere
    where everywhere.geom is not null
    {%- if is_incremental() %}
    union all
    select
        moved.crash_record_id,
        moved.geom,
        (select array_agg(wanted.layer_id) from wanted where wanted.is_known) as layer_ids
    from ({{ last_points(touched_or_all(ref('int_crashes__landed_keys'), 'crash_record_id')) }}) as moved
    where moved.geom is not null
    {%- endif %}
    order by crash_record_id  -- noqa: AM06, RF03
),

-- all layers of a crash at once: one search of the index, and no grouping of millions
placed as (
    select
        points.crash_record_id,
        points.geom,
        near.layer_id,
        near.first_position,
        near.last_position,
        case
            when near.first_position is null then (
                select features.sort_position
                from {{ ref('feature_parts') }} as parts
                inner join {{ ref('features') }} as features on parts.feature_id = features.feature_id
                inner join wanted on features.layer_id = wanted.layer_id and wanted.is_city_wide
                where parts.layer_id = near.layer_id and parts.geom && st_expand(points.geom, {{ nearest_degrees }})
                order by features.geom::geography <-> points.geom::geography, features.sort_position  -- noqa: AM06
                limit 1
            )
        end as nearest_position
    from points
    cross join lateral (
        select
            parts.layer_id,
            min(parts.sort_position) filter (where parts.is_around) as first_position,
            max(parts.sort_position) filter (where parts.is_around) as last_position
        from (
            select
                candidates.layer_id,
                candidates.sort_position,
                st_intersects(candidates.geom, points.geom) as is_around
            from {{ ref('feature_parts') }} as candidates
            where
                candidates.geom && st_expand(points.geom, {{ nearest_degrees }})
                and candidates.layer_id = any(points.layer_ids)
        ) as parts
        group by parts.layer_id  -- noqa: AM06
    ) as near
),

measured as (
    select
        placed.crash_record_id,
        placed.layer_id,
        features.feature_id,
        features.label,
        case
            when placed.nearest_position is not null then 'nearest'
            when placed.first_position < placed.last_position then 'border'
            else 'within'
        end as how,
        case
            when placed.nearest_position is null then 0
            else st_distance(features.geom::geography, placed.geom::geography)
        end as metres
    from placed
    inner join {{ ref('features') }} as features
        on
            placed.layer_id = features.layer_id
            and coalesce(placed.first_position, placed.nearest_position) = features.sort_position
)

select
    crash_record_id,
    layer_id,
    feature_id,
    label,
    how,
    metres
from measured
where metres <= {{ var('nearest_feature_metres') }}

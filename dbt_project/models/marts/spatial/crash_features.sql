{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    tmp_relation_type='view',
    pre_hook=[
        "{{ index_published('crashes') if is_incremental() }}",
        "{{ claim_loads(landed=['crashes']) }}",
        "{{ book_layers_to_place() }}",
        "{{ note_points() }}",
    ],
    post_hook=[
        "{{ primary_key('crash_record_id, layer_id') }}",
        "{{ index_if_missing('feature_id') }}",
        "{{ keep_dependents() }}",
        "{{ forget_points() }}",
        "{{ mark_loads_applied() }}",
        after_commit("{{ recall_dependents() }}"),
    ],
) }}

-- which layers there are is asked before: see book_layers_to_place
-- depends_on: {{ ref('layers') }}
{%- set nearest_degrees = var('nearest_feature_metres') ~ ' / 70000.0' -%}

-- One row a crash and layer in use: the feature that the crash is in. A crash on a border belongs to the first of its features in
-- the layer's order; one up to 25 m outside of a city-wide layer to the nearest. An increment looks at the crashes that landed,
-- for every layer, and at all others for layers that it has not seen in this form. It comes before the crashes table, which
-- carries the places in the City's own boundaries.
with loads as (
    {{ claimed_loads('crash_features') }}
),

wanted as (
    {{ wanted_layers() }}
),

{% if is_incremental() -%}
touched as (
    select distinct landed.crash_record_id from {{ landed_now('crashes') }} as landed
),

{% endif -%}
inside as not materialized (
    select * from {{ points_inside() }}
),

inside_of_city as (
    select
        point_number,
        count(*) as layers
    from inside
    where layer_id = any(array(select wanted.layer_id from wanted where wanted.is_city_wide))
    group by point_number  -- noqa: AM06
),

-- the few that look up their pieces themselves: what landed, in every layer, and what no feature of a city-wide layer is around
single_points as (
    select
        points.crash_record_id,
        points.geom,
        false as has_landed,
        array(select wanted.layer_id from wanted where wanted.is_new and wanted.is_city_wide) as layer_ids
    from {{ points_to_place() }} as points
    left join inside_of_city on points.point_number = inside_of_city.point_number
    where
        coalesce(inside_of_city.layers, 0)
        < (select count(*) from wanted where wanted.is_new and wanted.is_city_wide)
    {%- if is_incremental() %}
    union all
    select
        moved.crash_record_id,
        moved.geom,
        true as has_landed,
        array(select wanted.layer_id from wanted) as layer_ids
    from ({{ last_points(versions_of_touched(ref('int_crashes__landed_keys'), 'crash_record_id')) }}) as moved
    where moved.geom is not null
    {%- endif %}
),

found as (
    select
        single_points.crash_record_id,
        near.layer_id,
        near.first_position,
        near.last_position,
        nearest.sort_position as nearest_position,
        nearest.metres
    from single_points
    inner join lateral (
        select
            parts.layer_id,
            min(parts.sort_position) filter (where parts.is_around) as first_position,
            max(parts.sort_position) filter (where parts.is_around) as last_position
        from (
            select
                candidates.layer_id,
                candidates.sort_position,
                st_intersects(candidates.geom, single_points.geom) as is_around
            from {{ ref('feature_parts') }} as candidates
            where
                candidates.geom && st_expand(single_points.geom, {{ nearest_degrees }})
                and candidates.layer_id = any(single_points.layer_ids)
            {{ one_by_one() }}
        ) as parts
        group by parts.layer_id  -- noqa: AM06
        {{ one_by_one() }}
    ) as near on true
    left join lateral (
        select
            measured.sort_position,
            measured.metres
        from (
            select
                parts.sort_position,
                st_distance(parts.geom::geography, single_points.geom::geography) as metres
            from {{ ref('feature_parts') }} as parts
            where
                near.first_position is null
                and parts.layer_id = near.layer_id
                and st_dwithin(parts.geom, single_points.geom, {{ nearest_degrees }})
                and exists (select from wanted where wanted.layer_id = near.layer_id and wanted.is_city_wide)
            {{ one_by_one() }}
        ) as measured
        order by round(measured.metres::numeric, 3), measured.sort_position  -- noqa: AM06
        limit 1
    ) as nearest on true
    where
        single_points.has_landed and near.first_position is not null
        or nearest.metres <= {{ var('nearest_feature_metres') }}
),

-- An id beside a long geometry is not kept in its row. Fetched here, once a feature, it is not fetched once a crash. That a place
-- in the order is one feature's is said once more, so that it is these few that are hashed.
named as (
    select distinct on (layer_id, sort_position)
        layer_id,
        sort_position,
        feature_id || '' as feature_id,
        label || '' as label
    from {{ ref('features') }}
    order by layer_id, sort_position  -- noqa: AM06
)

select
    placed.crash_record_id,
    placed.layer_id,
    named.feature_id,
    named.label,
    case when placed.first_position < placed.last_position then 'border' else 'within' end as how,
    0::double precision as metres
from (
    -- points are fewer than places, and features fewer still: each is hashed in its turn
    select
        inside.*,
        points.crash_record_id
    from inside
    inner join {{ points_to_place() }} as points on inside.point_number = points.point_number
    {{ one_by_one() }}
) as placed
inner join named on placed.layer_id = named.layer_id and placed.first_position = named.sort_position
union all
select
    found.crash_record_id,
    found.layer_id,
    features.feature_id,
    features.label,
    case
        when found.first_position is null then 'nearest'
        when found.first_position < found.last_position then 'border'
        else 'within'
    end as how,
    coalesce(found.metres, 0) as metres
from found
inner join lateral (
    select
        of_layer.feature_id,
        of_layer.label
    from {{ ref('features') }} as of_layer
    where
        of_layer.layer_id = found.layer_id
        and of_layer.sort_position = coalesce(found.first_position, found.nearest_position)
    {{ one_by_one() }}
) as features on true

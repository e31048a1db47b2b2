{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    indexes=[
        {'columns': ['feature_id']},
        {'columns': ['layer_id']},
    ],
    pre_hook=[
        "{{ claim_loads(after='crashes') }}",
        "{{ drop_outdated(
            'feature_id not in (select feature_id from ' ~ ref('features') ~ ')'
            ~ ' or layer_id not in (select layer_id from ' ~ ref('layers') ~ ' where is_active)'
            ~ ' or crash_record_id in (' ~ crashes_moved_now() ~ ')'
        ) }}",
    ],
    post_hook=[
        "{{ primary_key('crash_record_id, layer_id') }}",
        "{{ keep_dependents() }}",
        "{{ mark_loads_applied() }}",
        after_commit("{{ recall_dependents() }}"),
    ],
) }}

-- One row a crash and layer in use: the feature that the crash is in. A crash on a border belongs to the first of its features in
-- the layer's order; one up to 25 m outside of a city-wide layer to the nearest. An increment looks at the crashes that landed,
-- for every layer, and at all crashes for layers that it has not seen in this form.
with
{% if is_incremental() -%}
moved as (
    {{ crashes_moved_now() }}
),

{% endif -%}
wanted as (
    select
        layers.layer_id,
        layers.is_city_wide,
        {{ 'layers.version_id in (select known.version_id from ' ~ this ~ ' as known)' if is_incremental() else 'false' }}
            as is_known
    from {{ ref('layers') }} as layers
    where layers.is_active and layers.geometry_type = 'polygon'
),

placed as (
    select
        crashes.crash_record_id,
        crashes.geom,
        wanted.layer_id,
        wanted.is_city_wide
    from {{ ref('crashes') }} as crashes
    inner join wanted on not wanted.is_known
    where crashes.geom is not null
    {%- if is_incremental() %}
    union all
    select
        crashes.crash_record_id,
        crashes.geom,
        wanted.layer_id,
        wanted.is_city_wide
    from moved
    inner join {{ ref('crashes') }} as crashes on moved.crash_record_id = crashes.crash_record_id
    inner join wanted on wanted.is_known
    where crashes.geom is not null
    {%- endif %}
),

inside as (
    select
        placed.crash_record_id,
        placed.layer_id,
        array_agg(distinct parts.feature_id) as feature_ids
    from placed
    inner join {{ ref('feature_parts') }} as parts
        on placed.layer_id = parts.layer_id and st_intersects(parts.geom, placed.geom)
    group by placed.crash_record_id, placed.layer_id
),

chosen as (
    select
        inside.crash_record_id,
        inside.layer_id,
        first.feature_id,
        case when cardinality(inside.feature_ids) > 1 then 'border' else 'within' end as how,
        0::double precision as metres
    from inside
    inner join lateral (
        select features.feature_id
        from {{ ref('features') }} as features
        where features.feature_id = any(inside.feature_ids)
        order by features.sort_position
        limit 1
    ) as first on true
    union all
    select
        placed.crash_record_id,
        placed.layer_id,
        nearest.feature_id,
        'nearest' as how,
        nearest.metres
    from placed
    left join inside
        on placed.crash_record_id = inside.crash_record_id and placed.layer_id = inside.layer_id
    inner join lateral (
        select
            features.feature_id,
            st_distance(features.geom::geography, placed.geom::geography) as metres
        from {{ ref('feature_parts') }} as parts
        inner join {{ ref('features') }} as features on parts.feature_id = features.feature_id
        where
            parts.layer_id = placed.layer_id
            and parts.geom && st_expand(placed.geom, {{ var('nearest_feature_metres') }} / 70000.0)
        order by metres, features.sort_position
        limit 1
    ) as nearest on nearest.metres <= {{ var('nearest_feature_metres') }}
    where inside.crash_record_id is null and placed.is_city_wide
)

select
    chosen.crash_record_id,
    chosen.layer_id,
    chosen.feature_id,
    features.version_id,
    features.label,
    chosen.how,
    chosen.metres
from chosen
inner join {{ ref('features') }} as features on chosen.feature_id = features.feature_id

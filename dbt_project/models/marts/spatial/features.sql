{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    indexes=[
        {'columns': ['geom'], 'type': 'gist'},
    ],
    pre_hook="{{ drop_outdated('version_id not in (select version_id from ' ~ ref('layers') ~ ')') }}",
    post_hook=[
        "{{ primary_key('feature_id') }}",
        "{{ index_if_missing('layer_id, sort_position') }}",
        "{{ keep_dependents() }}",
        after_commit("{{ recall_dependents() }}"),
    ],
) }}

-- One row a feature of the layers that are there now. A replaced layer's features go and the new ones come in one transaction;
-- what is there already is not computed again.
with landed as (
    select
        layers.layer_id,
        layers.sort_type,
        layers.version_id,
        features.ordinal,
        features.properties,
        features.is_repaired,
        layers.version_id || ':' || features.ordinal as feature_id,
        coalesce(nullif(btrim(features.properties ->> layers.label_field), ''), features.ordinal::text) as label,
        case layers.geometry_type
            when 'polygon' then st_collectionextract(features.geom, 3)
            when 'line' then st_collectionextract(features.geom, 2)
            else st_collectionextract(features.geom, 1)
        end as geom
    from {{ ref('layers') }} as layers
    inner join {{ ref('stg_spatial__layer_features') }} as features on layers.feature_set_id = features.feature_set_id
    inner join {{ source('raw', '_dlt_loads') }} as loads on features._dlt_load_id = loads.load_id and loads.status = 0
    {%- if is_incremental() %}
    where layers.version_id not in (select known.version_id from {{ this }} as known)
    {%- endif %}
)

select
    feature_id,
    layer_id,
    version_id,
    ordinal,
    label,
    row_number() over (
        partition by layer_id
        order by
            case
                when sort_type = 'numeric' then (regexp_match(label, '^-?\d{1,15}(?:\.\d{1,9})?$'))[1]::numeric
            end asc nulls last,
            case when sort_type = 'natural' then {{ natural_order('label') }} end asc nulls last,
            label asc,
            ordinal asc
    )::integer as sort_position,
    properties,
    is_repaired,
    st_area(geom::geography) / 2589988.110336 as square_miles,
    geom::geometry(geometry, 4326) as geom  -- noqa: LT01
from landed
where not st_isempty(geom)

{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    indexes=[
        {'columns': ['geom'], 'type': 'gist'},
        {'columns': ['feature_id']},
    ],
    pre_hook="{{ drop_outdated('feature_id not in (select feature_id from ' ~ ref('features') ~ ')') }}",
) }}

-- One row a piece of a polygon feature, of at most 64 corners: whether a point is in a small piece is quickly said, and the index
-- leaves few pieces to ask.
select
    features.layer_id,
    features.feature_id,
    features.sort_position,
    pieces.geom::geometry(geometry, 4326) as geom  -- noqa: LT01
from {{ ref('features') }} as features
inner join lateral (
    select st_subdivide(features.geom, 64) as geom
) as pieces on true
where
    st_dimension(features.geom) = 2
    and {{ in_increment('features.feature_id not in (select known.feature_id from ' ~ this ~ ' as known)') }}

-- One row a landed feature, in EPSG:4326; no row where none was ever landed. An invalid geometry is repaired where that is
-- possible; `is_repaired` says so.
with landed as (
    select
        feature_set_id::text as feature_set_id,
        ordinal::integer as ordinal,
        properties::jsonb as properties,
        _dlt_load_id::text as _dlt_load_id,
        st_transform(
            st_setsrid(st_geomfromwkb(decode(geometry_wkb::text, 'hex')), source_srid::integer), 4326
        ) as geom
    from {{ or_empty(source('raw', 'layer_features'), [
        'feature_set_id', 'ordinal', 'properties', 'geometry_wkb', 'source_srid', '_dlt_load_id',
    ]) }}
)

select
    feature_set_id,
    ordinal,
    properties,
    _dlt_load_id,
    not st_isvalid(geom) as is_repaired,
    case when st_isvalid(geom) then geom else st_makevalid(geom) end as geom
from landed

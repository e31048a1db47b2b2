-- One row each time that something was said of a layer; no row where none was ever landed.
select
    layer_id::text as layer_id,
    name::text as name,
    description::text as description,
    original_file::text as original_file,
    label_field::text as label_field,
    sort_type::text as sort_type,
    geometry_type::text as geometry_type,
    source_srid::integer as source_srid,
    feature_count::integer as feature_count,
    feature_set_id::text as feature_set_id,
    city_wide::boolean as is_city_wide,
    active::boolean as is_active,
    removed::boolean as is_removed,
    changed_by::text as changed_by,
    changed_at::timestamptz as changed_at,
    _dlt_load_id::text as _dlt_load_id
from {{ or_empty(source('raw', 'layers'), [
    'layer_id', 'name', 'description', 'original_file', 'label_field', 'sort_type', 'geometry_type', 'source_srid',
    'feature_count', 'feature_set_id', 'city_wide', 'active', 'removed', 'changed_by', 'changed_at', '_dlt_load_id',
]) }}

-- One row a layer, as it was last spoken of; removed ones are left out. A view, so that an edit shows at once.
with latest as (
    select distinct on (said.layer_id)
        said.*,
        min(said.changed_at) over (partition by said.layer_id) as created_at
    from {{ ref('stg_spatial__layers') }} as said
    inner join {{ source('raw', '_dlt_loads') }} as loads on said._dlt_load_id = loads.load_id and loads.status = 0
    order by said.layer_id asc, said.changed_at desc, said._dlt_load_id desc
)

select
    layer_id,
    name,
    description,
    geometry_type,
    feature_count,
    label_field,
    sort_type,
    is_city_wide,
    is_active,
    original_file,
    source_srid,
    feature_set_id,
    created_at,
    changed_at as updated_at,
    md5(concat_ws('|', layer_id, feature_set_id, label_field, sort_type, is_city_wide)) as version_id
from latest
where not is_removed

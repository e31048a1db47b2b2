-- One row a crash that is in one of the City's boundaries as they are now: its place in each. Null where that layer was not
-- landed, or the crash is outside of it.
select
    crash_record_id,
    max(label) filter (where layer_id = 'wards') as ward,
    max(label) filter (where layer_id = 'community_areas') as community_area,
    max(label) filter (where layer_id = 'police_beats') as police_beat,
    max(label) filter (where layer_id = 'police_districts') as police_district,
    max(label) filter (where layer_id = 'census_tracts') as census_tract
from {{ ref('crash_features') }}
where layer_id in ({{ city_layers() }})
group by crash_record_id

{{ config(tags=['structure']) }}

with points as (
    select
        crash_record_id as row_key,
        longitude,
        latitude,
        has_valid_location,
        geom
    from {{ ref('crashes') }}
    where updated_at >= {{ newly_shown_since('crashes') }}
    union all
    select
        fatality_id as row_key,
        longitude,
        latitude,
        has_valid_location,
        geom
    from {{ ref('vision_zero_fatalities') }}
    where updated_at >= {{ newly_shown_since('vision_zero_fatalities') }}
)

select
    row_key,
    longitude,
    latitude,
    has_valid_location,
    st_asewkt(geom) as shown_point
from points
where
    has_valid_location <> (geom is not null)
    or has_valid_location and (st_x(geom) <> longitude or st_y(geom) <> latitude)

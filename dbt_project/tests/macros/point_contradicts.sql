-- The rules speak of `published`, the portal's text, and `clean`, the same sanitized.
with published (location, longitude, latitude, expected) as (
    values
    ('{"type":"Point","coordinates":[-87.629798123,41.878113595]}', '-87.629798123', '41.878113595', false),
    -- the point has more decimals, in both directions of rounding
    ('{"type":"Point","coordinates":[-87.629798123456,41.878113595123]}', '-87.629798123', '41.878113595', false),
    ('{"type":"Point","coordinates":[-87.6297981229,41.8781135949]}', '-87.629798123', '41.878113595', false),
    ('{"type": "Point", "coordinates": [ -87.629798123 , 41.878113595 ]}', '-87.629798123', '41.878113595', false),
    -- within 0.000001 of a degree, and beyond
    ('{"type":"Point","coordinates":[-87.6297985,41.8781135]}', '-87.629798', '41.878113', false),
    ('{"type":"Point","coordinates":[-87.6298,41.8781]}', '-87.629798', '41.878113', true),
    ('{"type":"Point","coordinates":[-87.7,41.9]}', '-87.6', '41.9', true),
    ('{"type":"Point","coordinates":[-87.6,41.8]}', '-87.6', '41.9', true),
    -- short numbers that the longer ones merely begin with
    ('{"type":"Point","coordinates":[-87.69,41.98]}', '-87.6', '41.9', true),
    ('{"type":"Point","coordinates":[0,0]}', '-87.6', '41.9', true),
    -- latitude first
    ('{"type":"Point","coordinates":[41.9,-87.6]}', '-87.6', '41.9', true),
    -- nothing to compare
    (null, '-87.6', '41.9', false),
    ('{"type":"Point","coordinates":[-87.6,41.9]}', null, null, false),
    ('somewhere', null, null, false),
    -- no point that one could compare
    ('{"type":"Point","coordinates":[]}', '-87.6', '41.9', true),
    ('{"latitude":"41.7","longitude":"-87.6","human_address":"{}"}', '-87.6', '41.9', true),
    ('POINT (-87.6 41.9)', '-87.6', '41.9', true),
    ('somewhere', '-87.6', '41.9', true)
),

clean as (
    select distinct
        location,
        longitude as published_longitude,
        latitude as published_latitude,
        longitude::double precision as longitude,
        latitude::double precision as latitude
    from published
),

results as (
    select
        published.location,
        published.longitude,
        published.latitude,
        published.expected,
        {{ point_contradicts('location') }} as got
    from published
    inner join clean
        on
            published.location is not distinct from clean.location
            and published.longitude is not distinct from clean.published_longitude
            and published.latitude is not distinct from clean.published_latitude
)

select
    location,
    longitude,
    latitude,
    expected,
    got
from results
where got is distinct from expected

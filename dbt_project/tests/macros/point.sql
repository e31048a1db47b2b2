with examples (longitude, latitude, expected) as (
    values
    (-87.63::double precision, 41.88::double precision, 'SRID=4326;POINT(-87.63 41.88)'),
    (-87.63, null, null),
    (null, 41.88, null),
    (null, null, null)
),

results as (
    select
        examples.longitude,
        examples.latitude,
        examples.expected,
        st_asewkt({{ point('examples.longitude', 'examples.latitude') }}) as got
    from examples
)

select
    longitude,
    latitude,
    expected,
    got
from results
where got is distinct from expected

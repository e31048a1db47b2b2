with examples (input, latitude, longitude) as (
    values
    ('41.878113595', 41.878113595::double precision, null::double precision),
    (' 41.878 ', 41.878, null),
    ('4.1878e1', 41.878, null),
    ('+41.878', 41.878, null),
    ('42', 42, null),
    ('42.', 42, null),
    ('41.6', 41.6, null),
    ('42.1', 42.1, null),
    ('41.599999999', null, null),
    ('42.100000001', null, null),
    ('41.8781135951234567890123', 41.8781135951234567890123, null),
    ('-87.629798', null, -87.629798),
    (e'\u00a0-87.629798\n', null, -87.629798),
    ('-087.6', null, -87.6),
    ('-87.95', null, -87.95),
    ('-87.5', null, -87.5),
    ('-87.950000001', null, null),
    ('-87.499999999', null, null),
    ('87.629798', null, null),
    ('-41.878', null, null),
    ('0', null, null),
    ('0.0', null, null),
    ('41,878', null, null),
    ('41.87.8', null, null),
    ('--87.6', null, null),
    ('ab.9', null, null),
    ('__.%', null, null),
    ('41.٨', null, null),
    ('NaN', null, null),
    ('Infinity', null, null),
    ('N/A', null, null),
    ('', null, null),
    ('41.' || repeat('8', 10000), null, null),
    (null, null, null)
),

results as (
    select
        examples.input,
        examples.latitude,
        examples.longitude,
        {{ as_degrees('examples.input', 41.6, 42.1) }} as got_latitude,
        {{ as_degrees('examples.input', -87.95, -87.5) }} as got_longitude
    from examples
)

select
    input,
    latitude,
    got_latitude,
    longitude,
    got_longitude
from results
where
    got_latitude is distinct from latitude
    or got_longitude is distinct from longitude

{{ config(tags=['structure']) }}

with wanted (relation) as (
    values
    ('{{ ref("crashes") }}'::regclass),
    ('{{ ref("vision_zero_fatalities") }}'::regclass)
),

existing as (
    select
        pg_attribute.attrelid as relation,
        format_type(pg_attribute.atttypid, pg_attribute.atttypmod) as geometry_type,
        bool_or(pg_am.amname = 'gist') as is_indexed
    from pg_attribute
    left outer join pg_index
        on pg_attribute.attrelid = pg_index.indrelid and pg_attribute.attnum = pg_index.indkey[0]
    left outer join pg_class on pg_index.indexrelid = pg_class.oid
    left outer join pg_am on pg_class.relam = pg_am.oid
    where pg_attribute.attname = 'geom'
    group by pg_attribute.attrelid, pg_attribute.atttypid, pg_attribute.atttypmod
)

select
    wanted.relation,
    existing.geometry_type,
    existing.is_indexed
from wanted
left outer join existing on wanted.relation = existing.relation
where
    existing.geometry_type is distinct from 'geometry(Point,4326)'
    or existing.is_indexed is not true

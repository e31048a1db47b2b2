{{ config(tags=['structure']) }}

with wanted (child, kind, parent, key_column) as (
    values
    ('{{ ref("crashes") }}'::regclass, 'primary key', null::regclass, 'crash_record_id'),
    ('{{ ref("people") }}'::regclass, 'primary key', null, 'person_id'),
    ('{{ ref("people") }}'::regclass, 'foreign key', '{{ ref("crashes") }}'::regclass, 'crash_record_id'),
    ('{{ ref("vehicles") }}'::regclass, 'primary key', null, 'crash_unit_id'),
    ('{{ ref("vehicles") }}'::regclass, 'foreign key', '{{ ref("crashes") }}'::regclass, 'crash_record_id'),
    ('{{ ref("vision_zero_fatalities") }}'::regclass, 'primary key', null, 'fatality_id')
),

existing as (
    select
        pg_constraint.conrelid as child,
        pg_attribute.attname as key_column,
        nullif(pg_constraint.confrelid, 0) as parent,
        case pg_constraint.contype when 'p' then 'primary key' else 'foreign key' end as kind
    from pg_constraint
    inner join pg_attribute
        on
            pg_constraint.conrelid = pg_attribute.attrelid
            and array[pg_attribute.attnum] = pg_constraint.conkey
    where pg_constraint.contype in ('p', 'f') and pg_constraint.convalidated
)

select
    wanted.child,
    wanted.kind,
    wanted.key_column,
    wanted.parent
from wanted
where
    not exists (
        select 1
        from existing
        where
            existing.child = wanted.child
            and existing.kind = wanted.kind
            and existing.key_column = wanted.key_column
            and existing.parent is not distinct from wanted.parent
    )

-- One row a person or unit whose crash is not there. One whose crash never came joins its table in the run that brings it. One
-- whose crash vanished from the portal (crash_deleted_at) stays in its table, and leaves this view when the crash is back, or
-- when it goes too.
select
    table_name,
    row_key,
    crash_record_id,
    soda_id,
    load_id,
    loaded_at,
    null::timestamptz as crash_deleted_at
from {{ ref('held_back') }}
where rule_id in ('people.crash_record_id.orphan', 'vehicles.crash_record_id.orphan')
{%- for table, key in {'people': 'person_id', 'vehicles': 'crash_unit_id'}.items() %}
union all
select
    '{{ table }}' as table_name,
    children.{{ key }}::text as row_key,
    children.crash_record_id,
    children.soda_id,
    children._dlt_load_id as load_id,
    children.loaded_at,
    crashes.deleted_at as crash_deleted_at
from {{ ref('crashes') }} as crashes
inner join {{ ref(table) }} as children on crashes.crash_record_id = children.crash_record_id
where crashes.deleted_at is not null and children.deleted_at is null
{%- endfor %}

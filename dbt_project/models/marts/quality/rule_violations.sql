{%- set keys = {
    'crashes': 'crash_record_id',
    'people': 'person_id',
    'vehicles': 'crash_unit_id',
    'vision_zero_fatalities': 'fatality_id',
} -%}

-- One row for each rule that a row breaks now: values nulled, contradictions noted, rows held back. A row put right on the portal
-- leaves this view with the build that shows the correction, and so does one that vanished from it.
{% for table, key in keys.items() -%}
select
    '{{ table }}' as table_name,
    {{ table }}.{{ key }}::text as row_key,
    violation ->> 'rule' as rule_id,
    violation ->> 'severity' as severity,
    violation ->> 'column' as column_name,
    violation ->> 'value' as original_value,
    {{ table }}._dlt_load_id as load_id,
    {{ table }}.loaded_at
from {{ ref(table) }} as {{ table }}
cross join lateral jsonb_array_elements({{ table }}.violations) as violation
where {{ table }}.violations is not null and {{ table }}.deleted_at is null
union all
{% endfor -%}
select
    table_name,
    row_key,
    rule_id,
    severity,
    column_name,
    original_value,
    load_id,
    loaded_at
from {{ ref('held_back') }}

{{ config(
    materialized='incremental',
    incremental_strategy='replace',
    on_schema_change='fail',
    pre_hook="{{ claim_loads(after='crashes') }}",
    post_hook=[
        "{{ keep_dependents() }}",
        "{{ record_held_back() }}",
        "{{ mark_loads_applied() }}",
        after_commit("{{ recall_dependents() }}"),
    ],
) }}

{%- set keys = {
    'crashes': 'crash_record_id',
    'people': 'person_id',
    'vehicles': 'crash_unit_id',
    'vision_zero_fatalities': none,
} %}

-- It writes into the counts of the final tables, so it comes after them:
-- depends_on: {{ ref('people') }}
-- depends_on: {{ ref('vehicles') }}
-- depends_on: {{ ref('vision_zero_fatalities') }}

-- One row for each rule that keeps a portal row out of its final table: a required value is missing, or its crash is. It counts
-- while the newest version of the row is the bad one; a good one that came before stays in the final table meanwhile.
-- Rows are told apart by their key; those without one (and all fatalities) by the portal's own row identifier.
-- An increment looks at the rows of which a version landed, and carries the others over, unless their crash has come.
with loads as (
    select
        load_id,
        loaded_at,
        applied
    from {{ source('ops', 'model_loads') }}
    where model = 'held_back'
),

{% for table, key in keys.items() -%}
{%- set has_parent = table in ['people', 'vehicles'] -%}
{{ table }}_versions as not materialized (
    select
        '{{ table }}' as table_name,
        {{ 'versions.' ~ key if key else 'null::text' }} as key,
        {{ 'versions.crash_record_id' if has_parent else 'null::text' }} as crash_record_id,
        {{ has_required(table, 'versions') }} as is_complete,
        {{ 'crashes.crash_record_id is null' if has_parent else 'false' }} as is_orphan,
        versions.violations,
        {{ version_place('versions') }} as place,
        versions.soda_id,
        versions._dlt_load_id as load_id,
        loads.loaded_at,
        loads.applied
    from {{ ref('stg_chicago__' ~ table) }} as versions
    inner join loads on versions._dlt_load_id = loads.load_id
    {%- if has_parent %}
    left join {{ ref('crashes') }} as crashes on versions.crash_record_id = crashes.crash_record_id
    {%- endif %}
),

{{ table }}_held_back as (
    {%- if key %}
    select bad.*
    from {{ table }}_versions as bad
    where
        (not bad.is_complete or bad.is_orphan)
        and bad.key is not null
        and not exists (
            select from {{ table }}_versions as newer
            where newer.key = bad.key and newer.place > bad.place
        )
        {%- if is_incremental() %}
        and bad.key in (select landed.key from {{ table }}_versions as landed where not landed.applied)
        {%- endif %}
    union all
    {%- endif %}
    select bad.*
    from {{ table }}_versions as bad
    where
        not bad.is_complete
        and bad.key is null
        and not exists (
            select from {{ table }}_versions as newer
            where
                newer.soda_id = bad.soda_id
                and (newer.loaded_at, newer.load_id, newer.place) > (bad.loaded_at, bad.load_id, bad.place)
                {%- if is_incremental() %}
                and not newer.applied
                {%- endif %}
        )
        {%- if is_incremental() %}
        and not bad.applied
        {%- endif %}
),

{% endfor -%}
all_held_back as (
    {%- for table in keys %}
    select
        held_back.table_name,
        coalesce(held_back.key::text, held_back.soda_id) as row_key,
        held_back.key is not null as has_key,
        held_back.crash_record_id,
        held_back.soda_id,
        held_back.load_id,
        held_back.loaded_at,
        reasons.rule_id,
        reasons.column_name,
        reasons.original_value
    from {{ table }}_held_back as held_back
    cross join lateral (
        select
            violation ->> 'rule' as rule_id,
            violation ->> 'column' as column_name,
            violation ->> 'value' as original_value
        from jsonb_array_elements(held_back.violations) as violation
        where violation ->> 'severity' = 'held_back'
        union all
        select
            held_back.table_name || '.crash_record_id.orphan',
            'crash_record_id',
            held_back.crash_record_id
        where held_back.is_complete and held_back.is_orphan
    ) as reasons
    {%- if not loop.last %}
    union
    {%- endif %}
    {%- endfor %}
    {%- if is_incremental() %}
    union
    select known.*
    from {{ this }} as known
    where
        true
        {%- for table, key in keys.items() %}
        and not (known.table_name = '{{ table }}' and not known.has_key and known.soda_id in (
            select landed.soda_id from {{ table }}_versions as landed where not landed.applied
        ))
        {%- if key %}
        and not (known.table_name = '{{ table }}' and known.has_key and known.row_key in (
            select landed.key::text from {{ table }}_versions as landed where not landed.applied and landed.key is not null
        ))
        {%- endif %}
        {%- endfor %}
        and not (
            known.rule_id like '%.orphan'
            and exists (select from {{ ref('crashes') }} as crashes where crashes.crash_record_id = known.crash_record_id)
        )
    {%- endif %}
)

select * from all_held_back

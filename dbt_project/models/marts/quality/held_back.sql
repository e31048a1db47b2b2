{{ config(
    materialized='incremental',
    incremental_strategy='replace',
    on_schema_change='fail',
    pre_hook=[
        "{{ add_columns_of_held_back() }}",
        "{{ index_published('crashes', 'people', 'vehicles') }}",
        "{{ claim_loads(after='crashes', landed=['crashes', 'people', 'vehicles']) }}",
    ],
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
-- while the newest version of the row is the bad one; a good one that came before stays in the final table meanwhile. A row that
-- vanished from the portal leaves it. What else is wrong with the row is on record beside that.
-- Rows are told apart by their key; those without one (and all fatalities) by the portal's own row identifier. A replacement
-- gives every row another: of equal rows without a key only those of the last load count, and of the fatalities, which are read
-- whole, only what the last whole reading brought.
-- An increment looks at the rows of which a version landed, and carries the others over, unless their crash has come.
with loads as (
    {{ claimed_loads('held_back') }}
),

{% for table, key in keys.items() -%}
{{ table }}_landed as materialized (
    select
        {{ 'landed.' ~ key if key else 'null::text' }} as key,
        {%- if table in ['people', 'vehicles'] %}
        landed.crash_record_id,
        {%- endif %}
        {%- if key %}
        {{ has_required(table, 'landed') }} as is_complete,
        {%- endif %}
        landed.soda_id
    {%- if key and is_incremental() %}
    from {{ landed_now(table) }} as landed
    {%- else %}
    from {{ ref('int_' ~ table ~ '__landed_keys') if key else ref('stg_chicago__' ~ table) }} as landed
    inner join loads on landed._dlt_load_id = loads.load_id
    where {{ in_increment('not loads.applied') }}
    {%- endif %}
),

{% if key -%}
{{ table }}_found_gone as materialized (
    {{ found_gone(table, key) }}
),

{{ table }}_doubtful as materialized (
    {{ keys_to_judge(table, key) }}
),

{{ table }}_presence as materialized (
    {{ presence(table, key, among='select key from ' ~ table ~ '_doubtful') }}
),

{% else -%}
{{ table }}_last_reading as materialized (
    select
        loads.load_id,
        loads.loaded_at,
        loads.applied
    from {{ source('raw', 'portal_reads') }} as portal_reads
    inner join loads on portal_reads._dlt_load_id = loads.load_id
    where
        portal_reads.dataset = '{{ table }}'
        and portal_reads.complete
        and portal_reads.since is null
        and portal_reads.until is null
    order by loads.loaded_at desc, loads.load_id desc
    limit 1
),

{% endif -%}
{{ table }}_suspects as (
    {%- if key %}
    -- one look into raw's index for each: a join would let the planner clean every row first
    select {{ judged('newest') }}
    from {{ table }}_doubtful as doubtful
    inner join lateral (
        {{ versions_to_judge(table, key) }}
        where versions.{{ key }} = doubtful.key
        order by place desc
        limit 1
    ) as newest on true
    union all
    {%- endif %}
    select {{ judged('keyless') }}
    from (
        select distinct on (versions.soda_id)
            versions.*,
            rank() over (
                partition by versions.key is null, versions.row_hash order by versions.loaded_at desc, versions.load_id desc
            ) as loads_after
        from (
            {{ versions_to_judge(table, key) }}
        ) as versions
        where
            versions.soda_id in (select landed.soda_id from {{ table }}_landed as landed where landed.key is null)
            -- said before anything is read: nearly always there is none
            and exists (select from {{ table }}_landed as landed where landed.key is null)
            and {{ in_increment('not versions.applied') }}
            {%- if not key %}
            and (versions.loaded_at, versions.load_id) >= all (
                select
                    last_reading.loaded_at,
                    last_reading.load_id
                from {{ table }}_last_reading as last_reading
            )
            {%- endif %}
        order by versions.soda_id asc, versions.loaded_at desc, versions.load_id desc, versions.place desc
    ) as keyless
    where keyless.key is null and keyless.loads_after = 1
),

-- crash_record_id is null where a table has no crash to belong to
{{ table }}_held_back as (
    select
        suspects.*,
        suspects.crash_record_id is not null and crashes.crash_record_id is null as is_orphan
    from {{ table }}_suspects as suspects
    left join {{ ref('crashes') }} as crashes on suspects.crash_record_id = crashes.crash_record_id
    where
        (not suspects.is_complete or (suspects.crash_record_id is not null and crashes.crash_record_id is null))
        {%- if key %}
        and not exists (
            select 1
            from {{ table }}_presence as presence
            where presence.{{ key }} = suspects.key and presence.deleted_at is not null
        )
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
        reasons.original_value,
        reasons.severity,
        held_back.row_hash
    from {{ table }}_held_back as held_back
    inner join lateral (
        select
            violation ->> 'rule' as rule_id,
            violation ->> 'column' as column_name,
            violation ->> 'value' as original_value,
            violation ->> 'severity' as severity
        from jsonb_array_elements(held_back.violations) as violation
        union all
        select
            held_back.table_name || '.crash_record_id.orphan' as rule_id,
            'crash_record_id' as column_name,
            held_back.crash_record_id as original_value,
            'held_back' as severity
        where held_back.is_complete and held_back.is_orphan
    ) as reasons on true
    {%- if not loop.last %}
    union
    {%- endif %}
    {%- endfor %}
    {%- if is_incremental() %}
    union
    select
        known.table_name,
        known.row_key,
        known.has_key,
        known.crash_record_id,
        known.soda_id,
        known.load_id,
        known.loaded_at,
        known.rule_id,
        known.column_name,
        known.original_value,
        known.severity,
        known.row_hash
    from {{ this }} as known
    where
        true
        {%- for table, key in keys.items() %}
        and not (known.table_name = '{{ table }}' and not known.has_key and known.soda_id in (
            select landed.soda_id from {{ table }}_landed as landed
        ))
        and not (known.table_name = '{{ table }}' and not known.has_key and exists (
            select from {{ table }}_suspects as suspects
            where suspects.key is null and suspects.row_hash = known.row_hash
        ))
        {%- if key %}
        and not (known.table_name = '{{ table }}' and known.has_key and known.row_key in (
            select landed.key::text from {{ table }}_landed as landed where landed.key is not null
            union all
            select gone.{{ key }}::text from {{ table }}_found_gone as gone where not gone.applied
        ))
        {%- else %}
        and not (known.table_name = '{{ table }}' and exists (
            select from {{ table }}_last_reading as last_reading where not last_reading.applied
        ))
        {%- endif %}
        {%- endfor %}
        and (known.table_name, known.row_key) not in (
            select
                waiting.table_name,
                waiting.row_key
            from {{ this }} as waiting
            inner join {{ ref('crashes') }} as crashes on waiting.crash_record_id = crashes.crash_record_id
            where waiting.rule_id like '%.orphan'
        )
    {%- endif %}
)

select * from all_held_back

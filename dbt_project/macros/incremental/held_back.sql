{#- A version may be shown if it has what its table requires. (And, for people and vehicles, its crash.) -#}
{% macro has_required(table, relation) -%}
    {%- for rule in rules_of(table) if rule.severity == 'held_back' and rule.broken -%}
        {{ ' and ' if not loop.first }}{{ relation }}.{{ rule.column }} is not null
    {%- endfor -%}
{%- endmacro %}


{#- Keys whose newest version could be a bad one: a landed version lacks what it needs, or its crash is not there; or the row is on
    record, or was taken off it when it vanished, and something of it landed. All others are well whatever their newest version is, and
    need not be cleaned. -#}
{% macro keys_to_judge(table, key) -%}
    select landed.key
    from {{ table }}_landed as landed
    {%- if table in ['people', 'vehicles'] %}
    left join {{ ref('crashes') }} as crashes on landed.crash_record_id = crashes.crash_record_id
    {%- endif %}
    where
        landed.key is not null
        and (
            not landed.is_complete
            {%- if table in ['people', 'vehicles'] %}
            or crashes.crash_record_id is null
            {%- endif %}
            {%- if is_incremental() %}
            or landed.key::text in (
                select known.row_key from {{ this }} as known where known.table_name = '{{ table }}' and known.has_key
            )
            or landed.key in (select gone.{{ key }} from {{ table }}_found_gone as gone where gone.applied)
            {%- endif %}
        )
    group by landed.key
{%- endmacro %}


{#- All claimed versions of a table's rows, with what decides whether they may be shown. -#}
{% macro versions_to_judge(table, key) -%}
        select
            '{{ table }}' as table_name,
            {{ 'versions.' ~ key if key else 'null::text' }} as key,
            {{ 'versions.crash_record_id' if table in ['people', 'vehicles'] else 'null::text' }} as crash_record_id,
            {{ has_required(table, 'versions') }} as is_complete,
            versions.violations,
            versions.row_hash,
            {{ version_place('versions') }} as place,
            versions.soda_id,
            versions._dlt_load_id as load_id,
            loads.loaded_at,
            loads.applied
        from {{ ref('stg_chicago__' ~ table) }} as versions
        inner join loads on versions._dlt_load_id = loads.load_id
{%- endmacro %}


{#- Before an increment: columns that quality.held_back had not in the beginning. What was on record then is why rows are held back. -#}
{% macro add_columns_of_held_back() -%}
    {%- set has_them = "exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'row_hash')" -%}
    {%- if execute and is_incremental() and not server_tells(this, has_them) -%}
    alter table {{ this }} add column severity text default 'held_back', add column row_hash text
    {%- endif -%}
{%- endmacro %}


{#- The columns of versions_to_judge. -#}
{% macro judged(relation) -%}
    {%- for column in [
        'table_name', 'key', 'crash_record_id', 'is_complete', 'violations', 'row_hash', 'place', 'soda_id', 'load_id', 'loaded_at',
        'applied',
    ] -%}
    {{ relation }}.{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- After quality.held_back: how many of the portal rows that this invocation's loads brought are in it. One of which an earlier version
    is shown was counted as unchanged before, and counts once. -#}
{% macro record_held_back() -%}
    {%- if not flags.FULL_REFRESH %}
    {%- set keys = {'crashes': 'crash_record_id', 'people': 'person_id', 'vehicles': 'crash_unit_id'} %}
    {%- for table, key in keys.items() %}
    update {{ source('ops', 'model_changes') }} as changes
    set
        unchanged = changes.unchanged - (
            select count(distinct shown.{{ key }})
            from {{ this }} as held_back
            inner join {{ source('ops', 'model_loads') }} as loads
                on held_back.load_id = loads.load_id and loads.model = '{{ this.identifier }}'
            inner join {{ ref(table) }} as shown
                on shown.{{ key }} = case when held_back.has_key and held_back.table_name = '{{ table }}' then held_back.row_key{{ '::bigint' if table == 'vehicles' }} end
            where
                held_back.table_name = '{{ table }}'
                and loads.invocation_id = '{{ invocation_id }}'
                and shown.updated_at < (
                    select min(news.loaded_at)
                    from {{ source('ops', 'model_loads') }} as news
                    where news.model = '{{ this.identifier }}' and news.invocation_id = '{{ invocation_id }}'
                )
        )
    where changes.invocation_id = '{{ invocation_id }}' and changes.model = '{{ table }}';
    {%- endfor %}
    {%- endif %}
    update {{ source('ops', 'model_changes') }} as changes
    set
        held_back = (
            select count(distinct held_back.row_key)
            from {{ this }} as held_back
            inner join {{ source('ops', 'model_loads') }} as loads
                on held_back.load_id = loads.load_id and loads.model = '{{ this.identifier }}'
            where
                held_back.table_name = changes.model
                {%- if not flags.FULL_REFRESH %}
                and loads.invocation_id = '{{ invocation_id }}'
                {%- endif %}
        )
    where changes.invocation_id = '{{ invocation_id }}'
{%- endmacro %}

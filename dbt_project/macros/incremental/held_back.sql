{#- A version may be shown if it has what its table requires. (And, for people and vehicles, its crash.) -#}
{% macro has_required(table, relation) -%}
    {%- for rule in rules_of(table) if rule.severity == 'held_back' and rule.broken -%}
        {{ ' and ' if not loop.first }}{{ relation }}.{{ rule.column }} is not null
    {%- endfor -%}
{%- endmacro %}


{#- Keys whose newest version could be a bad one: a landed version lacks what it needs, or its crash is not there; or the row is on
    record, and something of it landed. All others are well whatever their newest version is, and need not be cleaned. -#}
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
            {{ version_place('versions') }} as place,
            versions.soda_id,
            versions._dlt_load_id as load_id,
            loads.loaded_at,
            loads.applied
        from {{ ref('stg_chicago__' ~ table) }} as versions
        inner join loads on versions._dlt_load_id = loads.load_id
{%- endmacro %}


{#- After quality.held_back: how many of the portal rows that this invocation's loads brought are in it. -#}
{% macro record_held_back() -%}
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

{#- CTEs `versions` and `shown`: from all landed versions of a keyed table to the spans of time in which its final table showed
    one, told by the same rules (current_versions, presence): of what is visible the last in version order is shown; a row is
    gone while the last thing known of it is that it was looked for in vain. What says the same as what was shown before
    begins no new span. Every window is over the key alone, so that a question about one key reads that key.
        versions  all versions with what is required (and, for people and vehicles, their crash), numbered in version order
        shown     key, place of the version, valid_from, valid_to, ended_by -#}
{% macro shown_versions(table, key, crashes=none, derived={}) -%}
loads as (
    {{ claimed_loads(table, only_applied=true) }}
),

versions as not materialized (
    select
        staged.*,
        {%- for name, expression in derived.items() %}
        {{ expression }} as {{ name }},
        {%- endfor %}
        {{ 'greatest(loads.loaded_at, crashes.created_at)' if crashes else 'loads.loaded_at' }} as visible_at,
        row_number() over (
            partition by staged.{{ key }}
            order by {{ version_order('staged', 'loads') }}
        ) as place
    from {{ ref('stg_chicago__' ~ table) }} as staged
    inner join loads on {{ first_landed('staged._dlt_load_id') }} = loads.load_id
    {%- if crashes %}
    inner join {{ crashes }} as crashes on staged.crash_record_id = crashes.crash_record_id
    {%- endif %}
    where
        {{ has_required(table, 'staged') }}
        {%- if crashes %}
        -- a crash of a load that this table has yet to apply is not there yet
        and crashes.created_at <= (select max(loads.loaded_at) from loads)
        {%- endif %}
),

{{ table }}_found_gone as (
    {{ found_gone(table, key) }}
),

-- place and hash in one text, so that the last in version order is the greatest
events as (
    select
        {{ key }},
        visible_at as at,
        lpad(place::text, 9, '0') || row_hash as ranked,
        null::timestamptz as there_at,
        null::timestamptz as gone_at
    from versions
    union all
    select
        landed.{{ key }},
        loads.loaded_at as at,
        null as ranked,
        loads.loaded_at as there_at,
        null as gone_at
    from (
        select
            {{ key }},
            unnest(array[_dlt_load_id, first_dlt_load_id]) as load_id
        from {{ ref('int_' ~ table ~ '__landed_keys') }}
    ) as landed
    inner join loads on landed.load_id = loads.load_id
    union all
    select
        {{ key }},
        loaded_at as at,
        null as ranked,
        null as there_at,
        loaded_at as gone_at
    from {{ table }}_found_gone
),

moments as (
    select
        {{ key }},
        at,
        max(max(ranked collate "C")) over (partition by {{ key }} order by at) as ranked,
        max(max(there_at)) over (partition by {{ key }} order by at) as there_at,
        max(max(gone_at)) over (partition by {{ key }} order by at) as gone_at
    from events
    group by {{ key }}, at
),

-- no hash: nothing is shown from then on
states as (
    select
        {{ key }},
        at,
        left(ranked, 9)::bigint as place,
        case when gone_at > there_at then null else substr(ranked, 10) end as row_hash
    from moments
),

begun as (
    select
        *,
        lag(row_hash) over (partition by {{ key }} order by at) as hash_before
    from states
),

spans as (
    select
        *,
        lead(at) over (partition by {{ key }} order by at) as valid_to,
        lead(row_hash) over (partition by {{ key }} order by at) as next_hash
    from begun
    where row_hash is distinct from hash_before
),

shown as (
    select
        {{ key }},
        place,
        row_number() over (partition by {{ key }} order by at) as version_number,
        at as valid_from,
        valid_to,
        valid_to is null as is_current,
        case when valid_to is not null then case when next_hash is null then 'vanished' else 'replaced' end end as ended_by
    from spans
    where row_hash is not null
)
{%- endmacro %}

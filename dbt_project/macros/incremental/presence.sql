{#- Rows that vanished from the portal. A key is gone while the last thing known of it is that it was looked for in vain, and back
    from the first load that holds a version of it again. Needs CTE `loads`. `among`: a query of the keys to look at; none
    for all that were ever found gone. -#}
{% macro presence(table, key, among=none) -%}
    {%- set moved %}
    select
        {{ key }},
        min(loaded_at) filter (where not is_there and loaded_at > last_there_at) as deleted_at,
        min(loaded_at) filter (where is_there and loaded_at > last_gone_at) as returned_at
    from (
        select
            events.*,
            coalesce(max(loaded_at) filter (where is_there) over all_of_key, '-infinity') as last_there_at,
            max(loaded_at) filter (where not is_there) over all_of_key as last_gone_at
        from (
            select
                gone.{{ key }},
                gone.loaded_at,
                false as is_there
            from {{ table }}_found_gone as gone
            union all
            select
                gone.{{ key }},
                loads.loaded_at,
                true as is_there
            from (select distinct {{ key }} from {{ table }}_found_gone) as gone
            inner join lateral (
                select
                    landed_keys._dlt_load_id,
                    landed_keys.first_dlt_load_id
                from {{ ref('int_' ~ table ~ '__landed_keys') }} as landed_keys
                where landed_keys.{{ key }} = gone.{{ key }}
                {{ one_by_one() if is_incremental() }}
            ) as landed on true
            inner join lateral unnest(array[landed._dlt_load_id, landed.first_dlt_load_id]) as stamped (load_id) on true
            inner join loads on stamped.load_id = loads.load_id
        ) as events
        {%- if among %}
        where events.{{ key }} in ({{ among }})
        {%- endif %}
        window all_of_key as (partition by {{ key }})
    ) as dated
    group by {{ key }}
    {%- endset -%}
    {{ a_handful(moved, [key, 'deleted_at', 'returned_at']) }}
{%- endmacro %}


{#- CTE `<table>_found_gone`: every time that a key was found gone, and whether an increment still has to learn of it. -#}
{% macro found_gone(table, key) -%}
    {%- set gone %}
    select
        {{ as_key(table, 'deletions.row_key') }} as {{ key }},
        loads.loaded_at,
        loads.applied
    from {{ ref('stg_chicago__portal_deletions') }} as deletions
    inner join loads on deletions._dlt_load_id = loads.load_id
    where deletions.table_name = '{{ table }}'
    {%- endset -%}
    {{ a_handful(gone, [key, 'loaded_at', 'applied']) }}
{%- endmacro %}


{#- A key as its staging view has it. -#}
{% macro as_key(table, value) -%}
{{ as_bigint(value) if table == 'vehicles' else as_text_key(value) }}
{%- endmacro %}


{#- When a row of CTE `latest` last changed: its content, or whether it is there. -#}
{% macro last_moved_at() -%}
greatest(latest.updated_at, presence.returned_at, presence.deleted_at)
{%- endmacro %}

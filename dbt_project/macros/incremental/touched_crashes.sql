{#- CTE `touched`: crashes of which, or of whose people or units, the loads of this increment brought a version or the news that it is
    gone. A person who was moved to another crash touches both: every crash that a version names, also where the version came first and
    waited for that crash. Needs CTE `loads`. -#}
{% macro touched_crashes() -%}
    {%- set keys = {'people': 'person_id', 'vehicles': 'crash_unit_id'} -%}
    crashes_found_gone as (
    {{ found_gone('crashes', 'crash_record_id') }}
),

{% for table, key in keys.items() -%}
{{ table }}_found_gone as (
    {{ found_gone(table, key) }}
),

{% endfor -%}
touched as (
    select landed.crash_record_id from {{ landed_now('crashes') }} as landed
    union
    select gone.crash_record_id
    from crashes_found_gone as gone
    where not gone.applied
    {%- for table, key in keys.items() %}
    union
    select versions.crash_record_id
    from (
        select landed.{{ key }} from {{ landed_now(table) }} as landed
        union
        select gone.{{ key }}
        from {{ table }}_found_gone as gone
        where not gone.applied
        union
        {{ keys_of_new_crashes(table, key) }}
    ) as news
    inner join lateral (
        select landed_keys.crash_record_id
        from {{ ref('int_' ~ table ~ '__landed_keys') }} as landed_keys
        where landed_keys.{{ key }} = news.{{ key }}
        {{ one_by_one() }}
    ) as versions on true
    {%- endfor %}
)
{%- endmacro %}


{#- Before an increment: the rows of those crashes, which it writes anew as far as they are there. -#}
{% macro drop_touched_crashes() -%}
    {%- if execute and is_incremental() -%}
        with loads as (
            {{ claimed_loads(this.identifier) }}
        ),

        {{ touched_crashes() }}

        delete from {{ this }} where crash_record_id = any(array(select touched.crash_record_id from touched))
    {%- endif -%}
{%- endmacro %}

{#- What an increment looks at. It must cost what changed, whatever the planner thinks of it: joined freely, it has been seen to
    clean and sort all of raw for a load of nothing. So each key is looked up by itself, in raw's index. -#}

{#- Keys of people or units whose crash has come with a load not yet applied: they may have waited for it. -#}
{% macro keys_of_new_crashes(table, key) -%}
    select landed.{{ key }}
    from (select distinct crash_record_id from {{ landed_now('crashes') }}) as news
    inner join {{ ref('crashes') }} as crashes
        on
            news.crash_record_id = crashes.crash_record_id
            and crashes.created_at >= (select min(loads.loaded_at) from loads where not loads.applied)
    inner join lateral (
        select landed_keys.{{ key }}
        from {{ ref('int_' ~ table ~ '__landed_keys') }} as landed_keys
        where landed_keys.crash_record_id = crashes.crash_record_id
        {{ one_by_one() }}
    ) as landed on true
{%- endmacro %}


{#- The versions to build from: all, or in an increment those of the keys in CTE `touched`. With `crashes`, only versions whose
    crash is there, and when it came. -#}
{% macro touched_or_all(staged, key, crashes=none) -%}
(
        {%- if is_incremental() %}
        select staged.*
        from touched
        inner join lateral (
            select
                of_key.*
                {%- if crashes %},
                crashes.created_at as crash_created_at
                {%- endif %}
            from {{ staged }} as of_key
            {%- if crashes %}
            inner join {{ crashes }} as crashes on of_key.crash_record_id = crashes.crash_record_id
            {%- endif %}
            where of_key.{{ key }} = touched.{{ key }}
            {{ one_by_one() }}
        ) as staged on true
        {%- else %}
        select
            staged.*
            {%- if crashes %},
            crashes.created_at as crash_created_at
            {%- endif %}
        from {{ staged }} as staged
        {%- if crashes %}
        inner join {{ crashes }} as crashes on staged.crash_record_id = crashes.crash_record_id
        {%- endif %}
        {%- endif %}
    )
{%- endmacro %}


{#- At the end of a lateral subquery: it is run for each row as it stands, not merged into the query around it. -#}
{% macro one_by_one() -%}
offset 0
{%- endmacro %}


{#- A condition that holds for increments only: a full build looks at everything. -#}
{% macro in_increment(condition) -%}
    {{ condition if is_incremental() else 'true' }}
{%- endmacro %}

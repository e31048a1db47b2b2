{#- What an increment looks at. It must cost what changed, whatever the planner thinks of it: joined freely, it has been seen to
    clean and sort all of raw for a load of nothing. So each key is looked up by itself, in raw's index. -#}

{#- Keys of which a load not yet applied (CTE `loads`) holds a version. -#}
{% macro keys_landed_now(table, key) -%}
    select distinct landed.{{ key }}
    from loads
    inner join lateral (
        select landed_keys.{{ key }}
        from {{ ref('int_' ~ table ~ '__landed_keys') }} as landed_keys
        where landed_keys._dlt_load_id = loads.load_id
        {{ one_by_one() }}
    ) as landed on true
    where not loads.applied
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

{#- What an increment looks at. It must cost what changed, whatever the planner thinks of it: joined freely, it has been seen to
    clean and sort all of raw for a load of nothing. So each key is looked up by itself, in raw's index. -#}

{#- Keys of people or units whose crash has come with a load not yet applied: they may have waited for it. -#}
{% macro keys_of_new_crashes(table, key) -%}
    select landed.{{ key }}
    from (select distinct landed.crash_record_id from {{ landed_now('crashes') }} as landed) as news
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


{#- CTE `versions`: those that may be shown, of the keys in CTE `touched`. A full build has all of them besides, as `versions_once`, to
    be read from one end to the other: there a key is computed once too, which otherwise is computed anew wherever it is asked about
    (and must be where raw's index is to find it). -#}
{% macro versions_to_show(table, key, crashes=none) -%}
versions as not materialized (
    {{ _versions_to_show(table, versions_of_touched(ref('stg_chicago__' ~ table), key, crashes), crashes) }}
)
    {%- if not is_incremental() %},

versions_once as not materialized (
    {%- set staged = once(ref('stg_chicago__' ~ table)) %}
    {{ _versions_to_show(table, once('(' ~ _staged(staged, crashes) ~ ')') if crashes else staged, crashes) }}
)
    {%- endif -%}
{%- endmacro %}


{#- A relation of which each value is computed once, and before it is joined to anything: by their statistics, few rows would be left
    of a join that leaves all. -#}
{% macro once(relation) -%}
(select once.* from {{ relation }} as once {{ one_by_one() }})
{%- endmacro %}


{% macro _versions_to_show(table, versions, crashes) -%}
    select
        versions.*,
        loads.loaded_at,
        {{ 'greatest(loads.loaded_at, versions.crash_created_at)' if crashes else 'loads.loaded_at' }} as visible_at
    from {{ versions }} as versions
    inner join loads on {{ first_landed('versions._dlt_load_id') }} = loads.load_id
    where {{ has_required(table, 'versions') }}
{%- endmacro %}


{#- The versions of the keys in CTE `touched`, each looked up. With `crashes`, only versions whose crash is there, and when it came. -#}
{% macro versions_of_touched(staged, key, crashes=none) -%}
(
        select staged.*
        from touched
        inner join lateral (
            {{ _staged(staged, crashes, is_one=true) }}
            where staged.{{ looked_up_by(key) }} = touched.{{ looked_up_by(key) }}
            {{ one_by_one() }}
        ) as staged on true
    )
{%- endmacro %}


{#- Versions are looked up by their key, which raw is indexed by (index_published). A build of everything may come before that index,
    and has seen where in raw they stand. -#}
{% macro looked_up_by(key) -%}
{{ 'raw_ctid' if is_building_model() and not is_incremental() else key }}
{%- endmacro %}


{% macro _staged(staged, crashes, is_one=false) -%}
select
                staged.*
                {%- if crashes %},
                crashes.created_at as crash_created_at
                {%- endif %}
            from {{ staged }} as staged
            {%- if crashes and is_one %}
            inner join lateral (
                select crashes.created_at
                from {{ crashes }} as crashes
                where staged.crash_record_id = crashes.crash_record_id
                {{ one_by_one() }}
            ) as crashes on true
            {%- elif crashes %}
            inner join {{ crashes }} as crashes on staged.crash_record_id = crashes.crash_record_id
            {%- endif %}
{%- endmacro %}


{#- At the end of a subquery: it is run as it stands, not merged into the query around it. -#}
{% macro one_by_one() -%}
offset 0
{%- endmacro %}


{#- A condition that holds for increments only: a full build looks at everything. -#}
{% macro in_increment(condition) -%}
    {{ condition if is_incremental() else 'true' }}
{%- endmacro %}

{#- From all versions of some keys (CTE `versions`, with `visible_at`) to one row a key: its present content.
    Versions are ordered as the portal wrote them; neighbours that say the same are one run of content. Shown is the last
    run, by the version that brought it first: a re-stamp changes nothing, and after A, B, A the second A is new.
        created_at  when any version of the key first became visible
        updated_at  when the present run of content did
    Almost every key has one version, which needs no ordering: a full build orders only the others (CTE `touched`). -#}
{% macro current_versions(key) -%}
    {%- set last_runs -%}
    select distinct on ({{ key }})
        *,
        min(visible_at) over (partition by {{ key }}) as created_at,
        min(visible_at) over (partition by {{ key }}, run) as updated_at
    from (
        select
            marked.*,
            count(*) filter (where marked.row_hash is distinct from marked.hash_before) over (
                partition by marked.{{ key }} order by marked.place
            ) as run
        from (
            select
                versions.*,
                row_number() over version_order as place,
                lag(versions.row_hash) over version_order as hash_before
            from versions
            window version_order as (partition by versions.{{ key }} order by {{ version_order('versions') }})
        ) as marked
    ) as runs
    order by {{ key }}, run desc, loaded_at, _dlt_load_id, place
    {%- endset -%}

    {%- if is_incremental() %}
    {{ last_runs }}
    {%- else %}
    select
        versions.*,
        1::bigint as place,
        null::text as hash_before,
        1::bigint as run,
        versions.visible_at as created_at,
        versions.visible_at as updated_at
    from versions_once as versions
    where not exists (select from repeated_keys where repeated_keys.key_hash = {{ key_hash("versions." ~ key) }})
    union all
    ({{ last_runs }})
    {%- endif %}
{%- endmacro %}


{#- Keys with more than one version, by a number that is quick to group by. Two keys of one number merely go the long way. (That there is
    a key is asked of the groups, or each would be reckoned twice.) -#}
{% macro repeated_keys(relation, key) -%}
    select key_hash
    from (select {{ key_hash(key) }} as key_hash from {{ relation }}) as hashed
    group by key_hash
    having count(*) > 1 and key_hash is not null
{%- endmacro %}


{#- What a full build touches one by one: all that is of those keys. Needs CTE `repeated_keys`. -#}
{% macro keys_repeated(relation, key) -%}
    select distinct landed.{{ looked_up_by(key) }}
    from repeated_keys
    inner join {{ relation }} as landed on repeated_keys.key_hash = {{ key_hash("landed." ~ key) }}
{%- endmacro %}


{% macro key_hash(expression) -%}
hashtextextended({{ expression }}::text, 0)
{%- endmacro %}


{#- In an increment, only rows that differ from what is shown are written. Content, origin and times say it all: every other
    column follows from them. -#}
{% macro where_changed(relation, key) -%}
    {%- if is_incremental() -%}
where not exists (
    select 1
    from {{ this }} as shown
    where
        shown.{{ key }} = {{ relation }}.{{ key }}
        {%- for column in [
            'row_hash', 'soda_id', 'soda_version', 'source_updated_at', 'loaded_at', 'created_at', 'updated_at',
            'deleted_at', '_dlt_load_id',
        ] %}
        and shown.{{ column }} is not distinct from {{ relation }}.{{ column }}
        {%- endfor %}
)
    {%- endif -%}
{%- endmacro %}


{#- The order in which versions of a key were written. `loads`: the relation that has their loaded_at. -#}
{% macro version_order(versions, loads=none) -%}
{{ versions }}.source_updated_at nulls first, {{ loads or versions }}.loaded_at, {{ versions }}._dlt_load_id, {{ versions }}.soda_id, {{ versions }}.soda_version, {{ versions }}.row_hash
{%- endmacro %}


{#- The same order as a value: of two versions of a key, the one with the greater place is the newer. -#}
{% macro version_place(versions) -%}
row(
    coalesce({{ versions }}.source_updated_at, '-infinity'), loads.loaded_at, {{ versions }}._dlt_load_id,
    coalesce({{ versions }}.soda_id, ''), coalesce({{ versions }}.soda_version, ''), {{ versions }}.row_hash
)
{%- endmacro %}


{#- What the first version of this content was stamped with. `crashes compact` removes versions that only repeat the one before,
    and keeps the first one's stamps in the one that stays. -#}
{% macro first_landed(column) -%}
    {%- set relation, name = column.split('.') -%}
coalesce({{ relation }}.first_{{ name | trim('_') }}, {{ column }})
{%- endmacro %}

{#- Where crashes are by the last of their versions that may be shown: the point that the crashes table gives them. Needs CTE `loads`.
    `versions`: a relation with the columns of int_crashes__landed_keys. -#}
{% macro last_points(versions) -%}
    select distinct on (versions.crash_record_id)
        versions.crash_record_id,
        {{ point('versions.longitude', 'versions.latitude') }} as geom
    from {{ versions }} as versions
    inner join loads on {{ first_landed('versions._dlt_load_id') }} = loads.load_id
    where {{ has_required('crashes', 'versions') }}
    order by
        versions.crash_record_id asc,
        versions.source_updated_at desc nulls last,
        loads.loaded_at desc,
        versions._dlt_load_id desc,
        versions.soda_id desc,
        versions.soda_version desc
{%- endmacro %}


{#- The same of all crashes. Almost every one has one version, which needs no ordering (CTE `repeated_keys`). Nothing is read unless
    `condition` holds, and no value is computed twice. -#}
{% macro last_points_of_all(condition) -%}
    {%- set is_repeated -%}
        exists (select from repeated_keys where repeated_keys.key_hash = {{ key_hash('versions.crash_record_id') }})
    {%- endset -%}
    select
        versions.crash_record_id,
        {{ point('versions.longitude', 'versions.latitude') }} as geom
    from {{ once(ref('int_crashes__landed_keys')) }} as versions
    inner join loads on {{ first_landed('versions._dlt_load_id') }} = loads.load_id
    where {{ condition }} and {{ has_required('crashes', 'versions') }} and not {{ is_repeated }}
    union all
    (
        {{ last_points(
            '(select versions.* from ' ~ ref('int_crashes__landed_keys') ~ ' as versions where '
            ~ condition ~ ' and ' ~ is_repeated ~ ' ' ~ one_by_one() ~ ')'
        ) }}
    )
{%- endmacro %}

{#- Crashes of which a load that spatial.crash_features has not applied brought a version: any of them may have moved. -#}
{% macro crashes_moved_now() -%}
    select landed.crash_record_id
    from {{ source('ops', 'model_loads') }} as unapplied
    inner join {{ ref('int_crashes__landed_keys') }} as landed on unapplied.load_id = landed._dlt_load_id
    where unapplied.model = 'crash_features' and not unapplied.applied
{%- endmacro %}

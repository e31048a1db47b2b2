{#- For data tests that run every night: the time from which rows count as brought by the loads that a final table took on
    last. Ask for `updated_at >=` it, which is indexed, and a test looks at the night's rows instead of at millions. -#}
{% macro newly_shown_since(model) -%}
(
    select min(loads.loaded_at)
    from {{ source('ops', 'model_loads') }} as loads
    where
        loads.model = '{{ model }}'
        and loads.claimed_at = (
            select max(claims.claimed_at) from {{ source('ops', 'model_loads') }} as claims where claims.model = '{{ model }}'
        )
)
{%- endmacro %}

{#- What a data test looks at. In `dbt build`, and so every night: rows that the loads which a final table took on last have
    changed, which cost what changed. In `dbt test` and `crashes validate`: all of them. Ask for `updated_at >=` it, which
    is indexed. While dbt reads the project, as in a build (see `is_building`). -#}
{% macro newly_shown_since(model) -%}
{%- if flags.WHICH == 'build' or not execute -%}
(
    select min(loads.loaded_at)
    from {{ source('ops', 'model_loads') }} as loads
    where
        loads.model = '{{ model }}'
        and loads.claimed_at = (
            select max(claims.claimed_at) from {{ source('ops', 'model_loads') }} as claims where claims.model = '{{ model }}'
        )
)
{%- else -%}
'-infinity'::timestamptz
{%- endif -%}
{%- endmacro %}

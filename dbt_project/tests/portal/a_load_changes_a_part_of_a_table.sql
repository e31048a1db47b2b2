{{ config(tags=['portal'], severity='warn') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with last_build as (
    select
        changes.model,
        changes.inserted,
        changes.updated,
        changes.unchanged
    from {{ source('ops', 'model_changes') }} as changes
    inner join (
        select
            model,
            max(built_at) as built_at
        from {{ source('ops', 'model_changes') }}
        group by model
    ) as latest on changes.model = latest.model and changes.built_at = latest.built_at
    where changes.model <> 'vision_zero_fatalities'
),

sizes as (
    {%- for table in ['crashes', 'people', 'vehicles'] %}
    select
        '{{ table }}' as model,
        count(*) as total_rows
    from {{ ref(table) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    last_build.*,
    sizes.total_rows
from last_build
inner join sizes on last_build.model = sizes.model
where
    sizes.total_rows >= 500
    and last_build.inserted < 0.5 * sizes.total_rows
    and last_build.updated > 0.5 * sizes.total_rows

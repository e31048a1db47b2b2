{{ config(tags=['structure']) }}

-- depends_on: {{ ref('people') }}
-- depends_on: {{ ref('vehicles') }}
-- depends_on: {{ ref('held_back') }}
select
    children.model,
    children.load_id
from {{ source('ops', 'model_loads') }} as children
where
    children.model in ('people', 'vehicles', 'held_back')
    and not exists (
        select 1
        from {{ source('ops', 'model_loads') }} as parents
        where parents.model = 'crashes' and parents.load_id = children.load_id and parents.applied
    )

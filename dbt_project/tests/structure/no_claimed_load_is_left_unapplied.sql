{{ config(tags=['structure']) }}

-- depends_on: {{ ref('crashes') }}
-- depends_on: {{ ref('people') }}
-- depends_on: {{ ref('vehicles') }}
-- depends_on: {{ ref('vision_zero_fatalities') }}
-- depends_on: {{ ref('held_back') }}
select
    model,
    load_id,
    claimed_at,
    invocation_id
from {{ source('ops', 'model_loads') }}
where not applied

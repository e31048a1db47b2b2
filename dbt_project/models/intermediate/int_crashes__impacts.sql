{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    indexes=[
        {'columns': ['crash_at_local']},
        {'columns': ['geom'], 'type': 'gist'},
    ],
    pre_hook=[
        "{{ index_published('crashes', 'people', 'vehicles') if is_incremental() }}",
        "{{ claim_loads(after=['people', 'vehicles'], landed=['crashes', 'people', 'vehicles']) }}",
        "{{ drop_touched_crashes() }}",
    ],
    post_hook=[
        "{{ primary_key('crash_record_id') }}",
        "{{ keep_dependents() }}",
        "{{ mark_loads_applied() }}",
        after_commit("{{ recall_dependents() }}"),
        after_commit("{{ vacuum_if_rewritten() }}"),
        after_commit("{{ vacuum_if_rewritten(ref('crashes')) }}"),
    ],
) }}

-- what it reads in increments only, where dbt does not look for it
-- depends_on: {{ ref('int_crashes__landed_keys') }}
-- depends_on: {{ ref('int_people__landed_keys') }}
-- depends_on: {{ ref('int_vehicles__landed_keys') }}
-- depends_on: {{ ref('stg_chicago__portal_deletions') }}

-- The rows of int_crashes__involved, kept: a question about a place asks thousands of crashes at once, and whoever adds up the
-- years all of them. An increment counts those crashes anew of which, or of whose people and units, a version landed or was
-- found gone. A build of everything puts what is near in the plane near on the disk: a question about a place reads few pages.
{% if is_incremental() -%}
with loads as (
    {{ claimed_loads('int_crashes__impacts') }}
),

{{ touched_crashes() }}

select involved.*  -- noqa: AM04
from touched
inner join lateral (
    select of_crash.*
    from {{ ref('int_crashes__involved') }} as of_crash
    where of_crash.crash_record_id = touched.crash_record_id
    {{ one_by_one() }}
) as involved on true
{%- else -%}
select * from {{ ref('int_crashes__involved') }}  -- noqa: AM04
order by geom
{%- endif %}

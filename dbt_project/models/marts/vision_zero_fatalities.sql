{{ config(
    materialized='incremental',
    incremental_strategy='upsert',
    unique_key='fatality_id',
    on_schema_change='fail',
    indexes=[
        {'columns': ['crash_at_local']},
        {'columns': ['geom'], 'type': 'gist'},
        {'columns': ['person_id'], 'type': 'hash'},
        {'columns': ['updated_at']},
    ],
    pre_hook="{{ claim_loads() }}",
    post_hook=[
        "{{ primary_key('fatality_id') }}",
        "{{ index_of_violations() }}",
        "{{ keep_dependents() }}",
        "{{ record_full_build() }}",
        "{{ mark_loads_applied() }}",
        after_commit("{{ recall_dependents() }}"),
    ],
) }}

-- One row a death. The dataset has no key that holds (blank and reused person_ids, equal rows that are two people), but it is
-- small and read whole: each reading says who is there, and who is not there any more. So the key is made from what survives
-- corrections (who, or else where, and when) and an ordinal among those that are equal in it. All readings are gone through
-- again whenever a new one came.
with loads as (
    {{ claimed_loads('vision_zero_fatalities') }}
),

{{ runs_of_deaths() }},

-- the last run of content, and the last run of any kind
dated as (
    select
        *,
        min(loaded_at) filter (where row_hash is not null) over (partition by fatality_id) as created_at,
        first_value(loaded_at) over (partition by fatality_id order by run desc, loaded_at asc) as updated_at,
        first_value(row_hash) over (partition by fatality_id order by run desc, loaded_at asc) is null as is_gone
    from runs
),

shown as (
    select distinct on (fatality_id)
        fatality_id,
        _dlt_load_id,
        created_at,
        updated_at,
        case when is_gone then updated_at end as deleted_at
    from dated
    where row_hash is not null
    order by fatality_id asc, run desc, loaded_at asc, _dlt_load_id asc
),

vision_zero_fatalities as (
    select
        -- ids
        shown.fatality_id,
        deaths.person_id,
        deaths.rd_no,

        -- when
        deaths.crash_date,
        deaths.crash_date as crash_at_local,
        {{ local_to_instant('deaths.crash_date') }} as crash_at,

        -- where
        deaths.crash_location,
        deaths.latitude,
        deaths.longitude,
        deaths.geocoded_column,

        -- what
        deaths.victim,
        deaths.crash_circumstances,

        -- derived
        {{ point('deaths.longitude', 'deaths.latitude') }} as geom,
        deaths.latitude is not null and deaths.longitude is not null as has_valid_location,

        -- lineage
        deaths.violations,
        deaths.row_hash,
        deaths.soda_id,
        deaths.soda_version,
        deaths.source_created_at,
        deaths.source_updated_at,
        deaths.loaded_at,
        shown.created_at,
        shown.updated_at,
        shown.deleted_at,
        deaths._dlt_load_id
    from shown
    inner join deaths on shown.fatality_id = deaths.fatality_id and shown._dlt_load_id = deaths._dlt_load_id
)

select * from vision_zero_fatalities
{{ where_changed('vision_zero_fatalities', 'fatality_id') }}

{{ config(
    materialized='incremental',
    incremental_strategy='upsert',
    unique_key='person_id',
    on_schema_change='fail',
    indexes=[
        {'columns': ['crash_record_id']},
        {'columns': ['vehicle_id']},
        {'columns': ['crash_at_local']},
        {'columns': ['updated_at']},
    ],
    pre_hook=[
        "{{ index_published('people') if is_incremental() }}",
        "{{ claim_loads(after='crashes', landed=['crashes', 'people']) }}",
    ],
    post_hook=[
        "{{ primary_key('person_id') }}",
        "{{ foreign_key('crash_record_id', ref('crashes')) }}",
        "{{ index_of_violations() }}",
        "{{ keep_dependents() }}",
        "{{ record_full_build() }}",
        "{{ mark_loads_applied() }}",
        after_commit("{{ recall_dependents() }}"),
    ],
) }}

-- whose crash is new is asked in increments only, where dbt does not look for it
-- depends_on: {{ ref('int_crashes__landed_keys') }}

-- One row a person: what the portal says of it now. A version whose crash is not there waits in quality.held_back; the load that
-- brings the crash touches its people too, and they become visible with it.
with loads as (
    {{ claimed_loads('people') }}
),

people_found_gone as materialized (
    {{ found_gone('people', 'person_id') }}
),

{% if is_incremental() -%}
touched as (
    select landed.person_id from {{ landed_now('people') }} as landed
    union
    select person_id
    from people_found_gone
    where not applied
    union
    {{ keys_of_new_crashes('people', 'person_id') }}
),

{% else -%}
repeated_keys as (
    {{ repeated_keys(ref('int_people__landed_keys'), 'person_id') }}
),

touched as (
    {{ keys_repeated(ref('int_people__landed_keys'), 'person_id') }}
),

{% endif -%}
{{ versions_to_show('people', 'person_id', crashes=ref('crashes')) }},

latest as (
    {{ current_versions('person_id') }}
),

presence as (
    {{ presence('people', 'person_id', among='select person_id from touched' if is_incremental() else none) }}
),

people as (
    select
        -- ids
        latest.person_id,
        latest.crash_record_id,
        latest.vehicle_id,

        -- when
        latest.crash_date,
        latest.crash_date as crash_at_local,
        {{ local_to_instant('latest.crash_date') }} as crash_at,

        -- where
        latest.city,
        latest.state,
        latest.zipcode,

        -- what
        latest.person_type,
        latest.sex,
        latest.age,
        latest.seat_no,
        latest.drivers_license_state,
        latest.drivers_license_class,
        latest.injury_classification,
        latest.safety_equipment,
        latest.airbag_deployed,
        latest.ejection,
        latest.hospital,
        latest.ems_agency,
        latest.ems_run_no,
        latest.driver_action,
        latest.driver_vision,
        latest.physical_condition,
        latest.cell_phone_use,
        latest.bac_result,
        latest.bac_result_value,
        latest.pedpedal_action,
        latest.pedpedal_location,
        latest.pedpedal_visibility,

        -- lineage
        latest.violations,
        latest.row_hash,
        {{ first_landed('latest.soda_id') }} as soda_id,
        {{ first_landed('latest.soda_version') }} as soda_version,
        {{ first_landed('latest.source_created_at') }} as source_created_at,
        {{ first_landed('latest.source_updated_at') }} as source_updated_at,
        latest.loaded_at,
        latest.created_at,
        {{ last_moved_at() }} as updated_at,
        presence.deleted_at,
        {{ first_landed('latest._dlt_load_id') }} as _dlt_load_id
    from latest
    left join presence on latest.person_id = presence.person_id
)

select * from people
{{ where_changed('people', 'person_id') }}

{{ config(
    materialized='incremental',
    incremental_strategy='upsert',
    unique_key='crash_unit_id',
    on_schema_change='fail',
    indexes=[
        {'columns': ['crash_record_id']},
        {'columns': ['vehicle_id']},
        {'columns': ['crash_at_local']},
        {'columns': ['updated_at']},
    ],
    pre_hook=[
        "{{ index_published('vehicles') if is_incremental() }}",
        "{{ claim_loads(after='crashes', landed=['crashes', 'vehicles']) }}",
    ],
    post_hook=[
        "{{ primary_key('crash_unit_id') }}",
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

-- One row a unit: what the portal says of it now. A version whose crash is not there waits in quality.held_back; the load that
-- brings the crash touches its vehicles too, and they become visible with it.
with loads as (
    {{ claimed_loads('vehicles') }}
),

vehicles_found_gone as materialized (
    {{ found_gone('vehicles', 'crash_unit_id') }}
),

{% if is_incremental() -%}
touched as (
    select landed.crash_unit_id from {{ landed_now('vehicles') }} as landed
    union
    select crash_unit_id
    from vehicles_found_gone
    where not applied
    union
    {{ keys_of_new_crashes('vehicles', 'crash_unit_id') }}
),

{% else -%}
repeated_keys as (
    {{ repeated_keys(ref('int_vehicles__landed_keys'), 'crash_unit_id') }}
),

touched as (
    {{ keys_repeated(ref('int_vehicles__landed_keys'), 'crash_unit_id') }}
),

{% endif -%}
{{ versions_to_show('vehicles', 'crash_unit_id', crashes=ref('crashes')) }},

latest as (
    {{ current_versions('crash_unit_id') }}
),

presence as (
    {{ presence('vehicles', 'crash_unit_id', among='select crash_unit_id from touched' if is_incremental() else none) }}
),

vehicles as (
    select
        -- ids
        latest.crash_unit_id,
        latest.crash_record_id,
        latest.vehicle_id,
        latest.unit_no,
        latest.cmv_id,

        -- when
        latest.crash_date,
        latest.crash_date as crash_at_local,
        {{ local_to_instant('latest.crash_date') }} as crash_at,

        -- where
        latest.travel_direction,
        latest.towed_to,
        latest.carrier_city,
        latest.carrier_state,

        -- what
        latest.unit_type,
        latest.vehicle_type,
        latest.vehicle_use,
        latest.make,
        latest.model,
        latest.vehicle_year,
        latest.lic_plate_state,
        latest.vehicle_defect,
        latest.maneuver,
        latest.first_contact_point,
        latest.towed_by,
        latest.vehicle_config,
        latest.cargo_body_type,
        latest.load_type,
        latest.gvwr,
        latest.trailer1_width,
        latest.trailer2_width,
        latest.commercial_src,
        latest.carrier_name,
        latest.usdot_no,
        latest.ccmc_no,
        latest.ilcc_no,
        latest.idot_permit_no,
        latest.hazmat_name,
        latest.hazmat_class,
        latest.un_no,
        latest.hazmat_report_no,
        latest.mcs_report_no,

        -- counts
        latest.occupant_cnt,
        latest.num_passengers,
        latest.axle_cnt,
        latest.total_vehicle_length,
        latest.trailer1_length,
        latest.trailer2_length,

        -- flags
        latest.exceed_speed_limit_i,
        latest.towed_i,
        latest.fire_i,
        latest.area_00_i,
        latest.area_01_i,
        latest.area_02_i,
        latest.area_03_i,
        latest.area_04_i,
        latest.area_05_i,
        latest.area_06_i,
        latest.area_07_i,
        latest.area_08_i,
        latest.area_09_i,
        latest.area_10_i,
        latest.area_11_i,
        latest.area_12_i,
        latest.area_99_i,
        latest.cmrc_veh_i,
        latest.wide_load_i,
        latest.hazmat_present_i,
        latest.hazmat_placards_i,
        latest.hazmat_report_i,
        latest.hazmat_out_of_service_i,
        latest.hazmat_vio_cause_crash_i,
        latest.mcs_report_i,
        latest.mcs_out_of_service_i,
        latest.mcs_vio_cause_crash_i,

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
    left join presence on latest.crash_unit_id = presence.crash_unit_id
)

select * from vehicles
{{ where_changed('vehicles', 'crash_unit_id') }}

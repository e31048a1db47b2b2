{%- set texts = [
    'city', 'state', 'zipcode', 'person_type', 'sex', 'seat_no', 'drivers_license_state',
    'drivers_license_class', 'injury_classification', 'safety_equipment', 'airbag_deployed',
    'ejection', 'hospital', 'ems_agency', 'ems_run_no', 'driver_action', 'driver_vision',
    'physical_condition', 'cell_phone_use', 'bac_result', 'pedpedal_action', 'pedpedal_location',
    'pedpedal_visibility',
] -%}
{%- set others = [
    'person_id', 'crash_record_id', 'vehicle_id', 'crash_date', 'age',
    'bac_result_value',
] -%}

{{ config(post_hook="{{ analyze_published() }}") }}

-- One row a landed version of a person in a crash, each value sanitized and typed, none left out.
-- Each step is a subquery with a `with` of its own. Such a one PostgreSQL leaves as it is: its values are computed once a row,
-- while conditions on keys still reach raw's index, and several processes may share the rows.
with clean as (
    with published as (
        {{ landed_versions('people', texts, others) }}
    )

    select
        {{ as_text_key('published.person_id') }} as person_id,
        {{ as_text_key('published.crash_record_id', is_hex=true) }} as crash_record_id,
        {{ as_bigint('published.vehicle_id') }} as vehicle_id,
        {{ as_timestamp('published.crash_date') }} as crash_date,
        {{ as_integer_within('published.age', var('age_min'), var('age_max')) }} as age,
        {{ as_float('published.bac_result_value') }} as bac_result_value,
        {{ as_texts('published', texts) }},
        {{ told_of_version('published', texts + others) }}
    from published
)

select
    clean.person_id,
    clean.crash_record_id,
    clean.vehicle_id,
    clean.crash_date,
    clean.city,
    clean.state,
    clean.zipcode,
    clean.person_type,
    clean.sex,
    clean.age,
    clean.seat_no,
    clean.drivers_license_state,
    clean.drivers_license_class,
    clean.injury_classification,
    clean.safety_equipment,
    clean.airbag_deployed,
    clean.ejection,
    clean.hospital,
    clean.ems_agency,
    clean.ems_run_no,
    clean.driver_action,
    clean.driver_vision,
    clean.physical_condition,
    clean.cell_phone_use,
    clean.bac_result,
    clean.bac_result_value,
    clean.pedpedal_action,
    clean.pedpedal_location,
    clean.pedpedal_visibility,
    {{ violations_of('people') }} as violations,
    clean.row_hash,
    clean.soda_id,
    clean.soda_version,
    clean.source_created_at,
    clean.source_updated_at,
    clean._dlt_load_id,
    clean.first_soda_id,
    clean.first_soda_version,
    clean.first_source_created_at,
    clean.first_source_updated_at,
    clean.first_dlt_load_id,
    clean.raw_ctid
from clean

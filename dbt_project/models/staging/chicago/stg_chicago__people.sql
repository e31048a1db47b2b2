{{ config(
    post_hook="
        {{ index_published({
            'person_id': as_text('published.person_id'),
            'crash_record_id': as_text('published.crash_record_id'),
        }) }}
    ",
) }}

-- One row a landed version of a person in a crash, each value sanitized and typed, none left out.
-- `clean` is computed once a row: `limit 1` keeps the planner from copying its expressions to wherever they are used.
-- Keys stand outside: raw is indexed by exactly these expressions.
select
    {{ as_text('published.person_id') }} as person_id,
    {{ as_text('published.crash_record_id') }} as crash_record_id,
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
    judged.violations,
    whole.row_hash,
    published.soda_id::text as soda_id,
    published.soda_version::text as soda_version,
    stamps.source_created_at,
    stamps.source_updated_at,
    published._dlt_load_id::text as _dlt_load_id,
    published.first_soda_id::text as first_soda_id,
    published.first_soda_version::text as first_soda_version,
    {{ as_instant('published.first_soda_created_at') }} as first_source_created_at,
    {{ as_instant('published.first_soda_updated_at') }} as first_source_updated_at,
    published.first_dlt_load_id::text as first_dlt_load_id
from {{ source('raw', 'people') }} as published
inner join lateral (
    {{ whole_line('published', [
        'person_id', 'crash_record_id', 'vehicle_id', 'crash_date', 'city', 'state', 'zipcode',
        'person_type', 'sex', 'age', 'seat_no', 'drivers_license_state',
        'drivers_license_class', 'injury_classification', 'safety_equipment', 'airbag_deployed',
        'ejection', 'hospital', 'ems_agency', 'ems_run_no', 'driver_action', 'driver_vision',
        'physical_condition', 'cell_phone_use', 'bac_result', 'bac_result_value',
        'pedpedal_action', 'pedpedal_location', 'pedpedal_visibility',
    ]) }}
    limit 1  -- noqa: AM09
) as whole on true
inner join lateral (
    {{ stamps('published') }}
    limit 1  -- noqa: AM09
) as stamps on true
inner join lateral (
    select
        {{ as_bigint('published.vehicle_id') }} as vehicle_id,
        {{ as_timestamp('published.crash_date') }} as crash_date,
        {{ as_text('published.city', tidy='whole.is_tidy') }} as city,
        {{ as_text('published.state', tidy='whole.is_tidy') }} as state,
        {{ as_text('published.zipcode', tidy='whole.is_tidy') }} as zipcode,
        {{ as_text('published.person_type', tidy='whole.is_tidy') }} as person_type,
        {{ as_text('published.sex', tidy='whole.is_tidy') }} as sex,
        {{ as_integer_within('published.age', var('age_min'), var('age_max')) }} as age,
        {{ as_text('published.seat_no', tidy='whole.is_tidy') }} as seat_no,
        {{ as_text('published.drivers_license_state', tidy='whole.is_tidy') }} as drivers_license_state,
        {{ as_text('published.drivers_license_class', tidy='whole.is_tidy') }} as drivers_license_class,
        {{ as_text('published.injury_classification', tidy='whole.is_tidy') }} as injury_classification,
        {{ as_text('published.safety_equipment', tidy='whole.is_tidy') }} as safety_equipment,
        {{ as_text('published.airbag_deployed', tidy='whole.is_tidy') }} as airbag_deployed,
        {{ as_text('published.ejection', tidy='whole.is_tidy') }} as ejection,
        {{ as_text('published.hospital', tidy='whole.is_tidy') }} as hospital,
        {{ as_text('published.ems_agency', tidy='whole.is_tidy') }} as ems_agency,
        {{ as_text('published.ems_run_no', tidy='whole.is_tidy') }} as ems_run_no,
        {{ as_text('published.driver_action', tidy='whole.is_tidy') }} as driver_action,
        {{ as_text('published.driver_vision', tidy='whole.is_tidy') }} as driver_vision,
        {{ as_text('published.physical_condition', tidy='whole.is_tidy') }} as physical_condition,
        {{ as_text('published.cell_phone_use', tidy='whole.is_tidy') }} as cell_phone_use,
        {{ as_text('published.bac_result', tidy='whole.is_tidy') }} as bac_result,
        {{ as_float('published.bac_result_value') }} as bac_result_value,
        {{ as_text('published.pedpedal_action', tidy='whole.is_tidy') }} as pedpedal_action,
        {{ as_text('published.pedpedal_location', tidy='whole.is_tidy') }} as pedpedal_location,
        {{ as_text('published.pedpedal_visibility', tidy='whole.is_tidy') }} as pedpedal_visibility
    limit 1  -- noqa: AM09
) as clean on true
inner join lateral (
    select {{ violations_of('people') }} as violations
    limit 1  -- noqa: AM09
) as judged on true

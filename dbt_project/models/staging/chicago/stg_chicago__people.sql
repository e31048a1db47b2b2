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

{{ config(
    post_hook="
        {{ index_published({
            'person_id': as_text('published.person_id'),
            'crash_record_id': as_text('published.crash_record_id'),
        }) }}
    ",
) }}

-- One row a landed version of a person in a crash, each value sanitized and typed, none left out.
-- Each step is a subquery with a `with` of its own. Such a one PostgreSQL leaves as it is: its values are computed once a row,
-- while conditions on keys still reach raw's index, and several processes may share the rows.
with clean as (
    with published as (
        with landed as (
            select * from {{ source('raw', 'people') }}
        )

        select
            landed.*,
            {{ row_hash('landed', texts + others) }} as row_hash,
            {{ is_tidy('landed', texts) }} as is_tidy,
            {{ as_instant('landed.soda_updated_at') }} as source_updated_at,
            {{ landed_at_local('landed') }} as landed_at_local
        from landed
    )

    select
        {{ as_bigint('published.vehicle_id') }} as vehicle_id,
        {{ as_timestamp('published.crash_date') }} as crash_date,
        {{ as_integer_within('published.age', var('age_min'), var('age_max')) }} as age,
        {{ as_float('published.bac_result_value') }} as bac_result_value,
        {{ as_texts('published', texts) }},
        {{ as_published('published', texts + others) }},
        published.row_hash,
        published.landed_at_local,
        published.source_updated_at,
        case
            when published.soda_created_at = published.soda_updated_at then published.source_updated_at
            else {{ as_instant('published.soda_created_at') }}
        end as source_created_at,
        published.soda_id::text as soda_id,
        published.soda_version::text as soda_version,
        published._dlt_load_id::text as _dlt_load_id,
        published.first_soda_id::text as first_soda_id,
        published.first_soda_version::text as first_soda_version,
        published.first_soda_created_at,
        published.first_soda_updated_at,
        published.first_dlt_load_id::text as first_dlt_load_id
    from published
)

select
    {{ as_text('clean.published_person_id') }} as person_id,
    {{ as_text('clean.published_crash_record_id') }} as crash_record_id,
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
    {{ as_instant('clean.first_soda_created_at') }} as first_source_created_at,
    {{ as_instant('clean.first_soda_updated_at') }} as first_source_updated_at,
    clean.first_dlt_load_id
from clean

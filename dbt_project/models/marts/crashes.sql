{{ config(
    materialized='incremental',
    incremental_strategy='upsert',
    unique_key='crash_record_id',
    on_schema_change='fail',
    indexes=[
        {'columns': ['crash_at_local']},
        {'columns': ['geom'], 'type': 'gist'},
        {'columns': ['updated_at']},
    ],
    pre_hook=[
        "{{ index_published('crashes') if is_incremental() }}",
        "{{ claim_loads(after='crash_features', landed=['crashes']) }}",
        "{{ carry_new_places() }}",
    ],
    post_hook=[
        "{{ primary_key('crash_record_id', including='created_at') }}",
        "{{ index_of_violations() }}",
        "{{ index_of_tiles() }}",
        "{{ analyze_new() }}",
        "{{ keep_dependents() }}",
        "{{ record_full_build() }}",
        "{{ mark_loads_applied() }}",
        after_commit("{{ recall_dependents() }}"),
        after_commit("{{ vacuum_if_rewritten(even_new=false) }}"),
    ],
) }}

-- One row a crash: what the portal says of it now, and the places that it is in. Reads every claimed version of the crashes that
-- this build touches: all of them, or in an increment those of which a load not yet applied brought a version.
with loads as (
    {{ claimed_loads('crashes') }}
),

crashes_found_gone as materialized (
    {{ found_gone('crashes', 'crash_record_id') }}
),

{% if is_incremental() -%}
touched as (
    select landed.crash_record_id from {{ landed_now('crashes') }} as landed
    union
    select crash_record_id
    from crashes_found_gone
    where not applied
),

{% else -%}
repeated_keys as (
    {{ repeated_keys(ref('int_crashes__landed_keys'), 'crash_record_id') }}
),

touched as (
    {{ keys_repeated(ref('int_crashes__landed_keys'), 'crash_record_id') }}
),

{% endif -%}
-- what lacks a required value is held back: the last good version stays
{{ versions_to_show('crashes', 'crash_record_id') }},

latest as (
    {{ current_versions('crash_record_id') }}
),

presence as (
    {{ presence('crashes', 'crash_record_id', among='select crash_record_id from touched' if is_incremental() else none) }}
),

crashes as (
    select
        -- ids
        latest.crash_record_id,

        -- when
        latest.crash_date,
        latest.crash_date as crash_at_local,
        {{ local_to_instant('latest.crash_date') }} as crash_at,
        latest.crash_hour,
        latest.crash_day_of_week,
        latest.crash_month,
        latest.date_police_notified,

        -- where
        latest.street_no,
        latest.street_direction,
        latest.street_name,
        latest.beat_of_occurrence,
        latest.latitude,
        latest.longitude,
        latest.location,

        -- where, by the City's boundaries as they are now
        places.ward,
        places.community_area,
        places.police_beat,
        places.police_district,
        places.census_tract,

        -- what
        latest.report_type,
        latest.crash_type,
        latest.most_severe_injury,
        latest.first_crash_type,
        latest.prim_contributory_cause,
        latest.sec_contributory_cause,
        latest.damage,
        latest.posted_speed_limit,
        latest.traffic_control_device,
        latest.device_condition,
        latest.weather_condition,
        latest.lighting_condition,
        latest.trafficway_type,
        latest.alignment,
        latest.lane_cnt,
        latest.roadway_surface_cond,
        latest.road_defect,
        latest.work_zone_type,

        -- counts
        latest.num_units,
        latest.injuries_total,
        latest.injuries_fatal,
        latest.injuries_incapacitating,
        latest.injuries_non_incapacitating,
        latest.injuries_reported_not_evident,
        latest.injuries_no_indication,
        latest.injuries_unknown,

        -- flags
        latest.crash_date_est_i,
        latest.intersection_related_i,
        latest.private_property_i,
        latest.hit_and_run_i,
        latest.dooring_i,
        latest.work_zone_i,
        latest.workers_present_i,
        latest.photos_taken_i,
        latest.statements_taken_i,

        -- derived
        {{ point('latest.longitude', 'latest.latitude') }} as geom,
        latest.latitude is not null and latest.longitude is not null as has_valid_location,
        {{ tile_cell('latest.longitude', 'latest.latitude') }} as tile_cell,
        {{ severity_score('latest') }} as severity_score,

        -- lineage
        {{ with_beat_judged('latest.violations', 'latest.beat_of_occurrence', 'places.police_beat') }} as violations,
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
    left join presence on latest.crash_record_id = presence.crash_record_id
    {%- if is_incremental() %}
    left join lateral (
        select of_crash.*
        from {{ ref('int_crashes__places') }} as of_crash
        where of_crash.crash_record_id = latest.crash_record_id
        {{ one_by_one() }}
    ) as places on true
    {%- else %}
    left join {{ ref('int_crashes__places') }} as places on latest.crash_record_id = places.crash_record_id
    {%- endif %}
)

select * from crashes
{{ where_changed('crashes', 'crash_record_id') }}

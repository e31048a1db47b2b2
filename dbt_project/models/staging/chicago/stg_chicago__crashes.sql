{%- set texts = [
    'street_direction', 'street_name', 'location', 'report_type', 'crash_type',
    'most_severe_injury', 'first_crash_type', 'prim_contributory_cause', 'sec_contributory_cause',
    'damage', 'traffic_control_device', 'device_condition', 'weather_condition',
    'lighting_condition', 'trafficway_type', 'alignment', 'roadway_surface_cond', 'road_defect',
    'work_zone_type',
] -%}
{%- set others = [
    'crash_record_id', 'crash_date', 'crash_hour', 'crash_day_of_week', 'crash_month',
    'date_police_notified', 'street_no', 'beat_of_occurrence', 'latitude', 'longitude',
    'posted_speed_limit', 'lane_cnt', 'num_units', 'injuries_total', 'injuries_fatal',
    'injuries_incapacitating', 'injuries_non_incapacitating', 'injuries_reported_not_evident',
    'injuries_no_indication', 'injuries_unknown', 'crash_date_est_i', 'intersection_related_i',
    'private_property_i', 'hit_and_run_i', 'dooring_i', 'work_zone_i', 'workers_present_i',
    'photos_taken_i', 'statements_taken_i',
] -%}

{{ config(
    post_hook="
        {{ index_published({
            'crash_record_id': as_text('published.crash_record_id'),
        }) }}
    ",
) }}

-- One row a landed version of a crash, each value sanitized and typed, none left out.
-- Each step is a subquery with a `with` of its own. Such a one PostgreSQL leaves as it is: its values are computed once a row,
-- while conditions on keys still reach raw's index, and several processes may share the rows.
with clean as (
    with published as (
        {{ landed_versions('crashes', texts, others) }}
    )

    select
        {{ as_timestamp('published.crash_date') }} as crash_date,
        {{ as_integer('published.crash_hour') }} as crash_hour,
        {{ as_integer('published.crash_day_of_week') }} as crash_day_of_week,
        {{ as_integer('published.crash_month') }} as crash_month,
        {{ as_timestamp('published.date_police_notified') }} as date_police_notified,
        {{ as_integer('published.street_no') }} as street_no,
        {{ as_integer('published.beat_of_occurrence') }} as beat_of_occurrence,
        {{ as_degrees('published.latitude', var('latitude_min'), var('latitude_max')) }} as latitude,
        {{ as_degrees('published.longitude', var('longitude_min'), var('longitude_max')) }} as longitude,
        {{ as_integer_within(
            'published.posted_speed_limit', var('posted_speed_limit_min'), var('posted_speed_limit_max')
        ) }} as posted_speed_limit,
        {{ as_integer('published.lane_cnt') }} as lane_cnt,
        {{ as_integer('published.num_units') }} as num_units,
        {{ as_integer('published.injuries_total') }} as injuries_total,
        {{ as_integer('published.injuries_fatal') }} as injuries_fatal,
        {{ as_integer('published.injuries_incapacitating') }} as injuries_incapacitating,
        {{ as_integer('published.injuries_non_incapacitating') }} as injuries_non_incapacitating,
        {{ as_integer('published.injuries_reported_not_evident') }} as injuries_reported_not_evident,
        {{ as_integer('published.injuries_no_indication') }} as injuries_no_indication,
        {{ as_integer('published.injuries_unknown') }} as injuries_unknown,
        {{ as_flag('published.crash_date_est_i') }} as crash_date_est_i,
        {{ as_flag('published.intersection_related_i') }} as intersection_related_i,
        {{ as_flag('published.private_property_i') }} as private_property_i,
        {{ as_flag('published.hit_and_run_i') }} as hit_and_run_i,
        {{ as_flag('published.dooring_i') }} as dooring_i,
        {{ as_flag('published.work_zone_i') }} as work_zone_i,
        {{ as_flag('published.workers_present_i') }} as workers_present_i,
        {{ as_flag('published.photos_taken_i') }} as photos_taken_i,
        {{ as_flag('published.statements_taken_i') }} as statements_taken_i,
        {{ as_texts('published', texts) }},
        {{ told_of_version('published', texts + others) }}
    from published
)

select
    {{ as_text('clean.published_crash_record_id') }} as crash_record_id,
    clean.crash_date,
    clean.crash_hour,
    clean.crash_day_of_week,
    clean.crash_month,
    clean.date_police_notified,
    clean.street_no,
    clean.street_direction,
    clean.street_name,
    clean.beat_of_occurrence,
    clean.latitude,
    clean.longitude,
    clean.location,
    clean.report_type,
    clean.crash_type,
    clean.most_severe_injury,
    clean.first_crash_type,
    clean.prim_contributory_cause,
    clean.sec_contributory_cause,
    clean.damage,
    clean.posted_speed_limit,
    clean.traffic_control_device,
    clean.device_condition,
    clean.weather_condition,
    clean.lighting_condition,
    clean.trafficway_type,
    clean.alignment,
    clean.lane_cnt,
    clean.roadway_surface_cond,
    clean.road_defect,
    clean.work_zone_type,
    clean.num_units,
    clean.injuries_total,
    clean.injuries_fatal,
    clean.injuries_incapacitating,
    clean.injuries_non_incapacitating,
    clean.injuries_reported_not_evident,
    clean.injuries_no_indication,
    clean.injuries_unknown,
    clean.crash_date_est_i,
    clean.intersection_related_i,
    clean.private_property_i,
    clean.hit_and_run_i,
    clean.dooring_i,
    clean.work_zone_i,
    clean.workers_present_i,
    clean.photos_taken_i,
    clean.statements_taken_i,
    {{ violations_of('crashes') }} as violations,
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
    clean.first_dlt_load_id
from clean

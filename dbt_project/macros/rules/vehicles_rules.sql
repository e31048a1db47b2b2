{% macro vehicles_rules() -%}
    {{ return(
        required("vehicles", ["crash_unit_id", "crash_record_id"])
        + belongs_to_a_crash("vehicles")
        + readable("vehicles", "timestamp", ["crash_date"])
        + readable("vehicles", "bigint", ["vehicle_id", "cmv_id"])
        + readable("vehicles", "integer", ["unit_no", "vehicle_year", "occupant_cnt", "num_passengers", "axle_cnt"])
        + readable("vehicles", "integer", ["total_vehicle_length", "trailer1_length", "trailer2_length"])
        + readable("vehicles", "flag", [
            "exceed_speed_limit_i", "towed_i", "fire_i", "area_00_i", "area_01_i", "area_02_i", "area_03_i",
            "area_04_i", "area_05_i", "area_06_i", "area_07_i", "area_08_i", "area_09_i", "area_10_i", "area_11_i",
            "area_12_i", "area_99_i", "cmrc_veh_i", "wide_load_i", "hazmat_present_i", "hazmat_placards_i",
            "hazmat_report_i", "hazmat_out_of_service_i", "hazmat_vio_cause_crash_i", "mcs_report_i",
            "mcs_out_of_service_i", "mcs_vio_cause_crash_i",
        ])
        + within("vehicles", "vehicle_year", "integer", var("vehicle_year_min"),
            "two years after the landing")
        + not_in_the_future("vehicles", "crash_date")
    ) }}
{%- endmacro %}


{#- The newest model year that is believed: the year after the landing's, and the years that dbt_project.yml adds. Not
    reckoned from the day of the build: an increment and a later full refresh must agree. -#}
{% macro vehicle_year_max() -%}
date_part('year', {{ landed_at_local('published') }})::integer + 1 + {{ var("vehicle_year_years_past_next") }}
{%- endmacro %}

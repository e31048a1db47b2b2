{% macro people_rules() -%}
    {{ return(
        required("people", ["person_id", "crash_record_id"])
        + belongs_to_a_crash("people")
        + readable("people", "timestamp", ["crash_date"])
        + readable("people", "bigint", ["vehicle_id"])
        + readable("people", "integer", ["age"])
        + readable("people", "number", ["bac_result_value"])
        + within("people", "age", "integer", var("age_min"), var("age_max"))
        + not_in_the_future("people", "crash_date")
    ) }}
{%- endmacro %}

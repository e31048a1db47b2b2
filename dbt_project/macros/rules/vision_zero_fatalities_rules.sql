{% macro vision_zero_fatalities_rules() -%}
    {{ return(
        required("vision_zero_fatalities", ["crash_date"])
        + located("vision_zero_fatalities", "geocoded_column")
        + not_in_the_future("vision_zero_fatalities", "crash_date")
    ) }}
{%- endmacro %}

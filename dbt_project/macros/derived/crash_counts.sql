{#- What every statistic of crashes counts, by the crash report's own figures. -#}
{% macro crash_counts() -%}
count(*) as crashes,
    coalesce(sum(crashes.injuries_total), 0) as injuries,
    coalesce(sum(crashes.injuries_incapacitating), 0) as incapacitating_injuries,
    coalesce(sum(crashes.injuries_fatal), 0) as fatalities
{%- endmacro %}

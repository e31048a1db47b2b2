{#- A wall-clock time of the city to the instant it was. In the hour that the autumn change repeats, standard time is taken. -#}
{% macro local_to_instant(value) -%}
{{ value }} at time zone '{{ var("local_zone") }}'
{%- endmacro %}

{#- When the landing of a row began, by the city's clock: a dlt load id is that moment, in seconds since 1970. -#}
{% macro landed_at_local(relation) -%}
to_timestamp(substring({{ relation }}._dlt_load_id from '^[0-9]{9,10}')::double precision) at time zone '{{ var("local_zone") }}'
{%- endmacro %}

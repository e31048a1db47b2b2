{#- A geometry of the plane as everything is stored: in WGS 84, and of one kind. -#}
{% macro in_degrees(geometry, kind) -%}
st_transform({{ geometry }}, 4326)::geometry({{ kind }}, 4326)
{%- endmacro %}

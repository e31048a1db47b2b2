{#- The one place where a geometry is made from two numbers: a point in WGS 84, null unless both are there. -#}
{% macro point(longitude, latitude) -%}
st_setsrid(st_makepoint({{ longitude }}, {{ latitude }}), 4326)::geometry(point, 4326)
{%- endmacro %}


{#- Does a published GeoJSON point say something else than the two numbers beside it? Null where one of them is missing. -#}
{% macro point_contradicts(geojson, longitude, latitude) -%}
{%- set coordinates = "regexp_match(" ~ geojson ~ ", '\\[\\s*(-?[0-9]{1,3}(?:\\.[0-9]{1,20})?)\\s*,\\s*(-?[0-9]{1,3}(?:\\.[0-9]{1,20})?)\\s*\\]')" -%}
(
    abs(({{ coordinates }})[1]::double precision - {{ longitude }}) > {{ var('location_tolerance') }}
    or abs(({{ coordinates }})[2]::double precision - {{ latitude }}) > {{ var('location_tolerance') }}
)
{%- endmacro %}

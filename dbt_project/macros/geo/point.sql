{#- The one place where a geometry is made from two numbers: a point in WGS 84, null unless both are there. -#}
{% macro point(longitude, latitude) -%}
st_setsrid(st_makepoint({{ longitude }}, {{ latitude }}), 4326)::geometry(point, 4326)
{%- endmacro %}


{#- Does the published GeoJSON point say something else than the two published numbers beside it? Where its coordinates
    begin with those numbers, given to seven decimals or more, as they are, there is nothing to compute. -#}
{% macro point_contradicts(geojson) -%}
published.{{ geojson }} is not null
    and case
        when
            length(published.longitude) > 10
            and length(published.latitude) > 9
            and published.{{ geojson }} like '%[' || published.longitude || '%,' || published.latitude || '%'
            then false
        {%- for part, number in [(1, 'longitude'), (2, 'latitude')] %}
        when abs(
            ({{ as_number("split_part(split_part(split_part(published." ~ geojson ~ ", '[', 2), ']', 1), ',', " ~ part ~ ")") }})
            - clean.{{ number }}
        ) > {{ var('location_tolerance') }} then true
        {%- endfor %}
        else false
    end
{%- endmacro %}

{#- The one place where a geometry is made from two numbers: a point in WGS 84, null unless both are there. -#}
{% macro point(longitude, latitude) -%}
st_setsrid(st_makepoint({{ longitude }}, {{ latitude }}), 4326)::geometry(point, 4326)
{%- endmacro %}


{#- Does the published GeoJSON point say something else than the two published numbers beside it? Where its coordinates
    begin with those numbers but for their last two digits, and so agree to the seventh decimal, there is nothing to
    compute. The portal rounds the numbers to nine decimals, the point to twelve. -#}
{% macro point_contradicts(geojson) -%}
published.{{ geojson }} is not null
    and case
        when
            octet_length(published.longitude) >= 13
            and octet_length(published.latitude) >= 12
            and published.{{ geojson }} like '%[' || left(published.longitude, -2) || '%,' || left(published.latitude, -2) || '%'
            then false
        when clean.longitude is null or clean.latitude is null then false
        {%- for part, number in [(1, 'longitude'), (2, 'latitude')] %}
        when coalesce(abs(
            ({{ as_number("split_part(split_part(split_part(published." ~ geojson ~ ", '[', 2), ']', 1), ',', " ~ part ~ ")") }})
            - clean.{{ number }}
        ) > {{ var('location_tolerance') }}, true) then true
        {%- endfor %}
        else false
    end
{%- endmacro %}

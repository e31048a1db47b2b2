{#- What cannot be meant is refused, in a sentence and a hint, by SQL state 22023: so everybody who asks is told the same. -#}
{% macro checked_window_function() -%}
    {%- call spatial_function(
        'checked_window',
        [('since', 'date', none), ('until', 'date', none)],
        'boolean',
        'True; raises an error with a hint where the first day is after the last. Either may be null: no limit.'
    ) -%}
begin
    if since > until then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('The first day, %s, is after the last, %s.', since, until),
            hint = 'Swap them: both days are included.';
    end if;
    return true;
end
    {%- endcall -%}
{%- endmacro %}


{% macro checked_place_function() -%}
    {%- call spatial_function(
        'checked_place',
        [('lat', 'double precision', none), ('lon', 'double precision', none), ('radius_feet', 'double precision', none)],
        postgis_schema() ~ '.geometry',
        'The point, in EPSG:4326; raises an error with a hint where it is not in Chicago, or the radius is not above 0 and up to '
        ~ '5 miles.'
    ) -%}
declare
    south constant double precision := {{ var('latitude_min') }};
    north constant double precision := {{ var('latitude_max') }};
    west constant double precision := {{ var('longitude_min') }};
    east constant double precision := {{ var('longitude_max') }};
begin
    if lat is null or lon is null or radius_feet is null then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = 'A latitude, a longitude and a radius are needed.',
            hint = 'Such as 41.8786, -87.6251 and 500 feet.';
    end if;
    if lat between west and east and lon between south and north then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('Latitude %s, longitude %s is not in Chicago: the two are swapped.', lat, lon),
            hint = format('Give latitude %s and longitude %s.', lon, lat);
    end if;
    if not (lat between south and north and lon between west and east) then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('Latitude %s, longitude %s is not in Chicago.', lat, lon),
            hint = format(
                'Give degrees: latitude from %s to %s, longitude from %s to %s (west of Greenwich is negative).',
                south, north, west, east
            );
    end if;
    if not (radius_feet > 0 and radius_feet <= 26400) then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('A radius of %s feet cannot be asked about.', radius_feet),
            hint = 'Give more than 0 and up to 26,400 feet (5 miles); for more ask about an area.';
    end if;
    return st_setsrid(st_makepoint(lon, lat), 4326);
end
    {%- endcall -%}
{%- endmacro %}


{% macro checked_area_function() -%}
    {%- set geometry = postgis_schema() ~ '.geometry' -%}
    {%- call spatial_function(
        'checked_area',
        [('area', geometry, none)],
        geometry,
        'The area, in EPSG:4326 and two dimensions; raises an error with a hint where it is null, empty, no polygon, invalid '
        ~ '(and why), or not in Chicago. One without a system is taken to be in EPSG:4326.'
    ) -%}
declare
    chicago constant geometry := st_makeenvelope(
        {{ var('longitude_min') }}, {{ var('latitude_min') }}, {{ var('longitude_max') }}, {{ var('latitude_max') }}, 4326
    );
    flat geometry;
begin
    if area is null or st_isempty(area) then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = 'There is no area to look in: it is null or empty.',
            hint = 'Give a polygon.';
    end if;
    if st_geometrytype(area) not in ('ST_Polygon', 'ST_MultiPolygon') then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('A %s has no inside for crashes to be in.', replace(st_geometrytype(area), 'ST_', '')),
            hint = 'Give a polygon or a multipolygon.';
    end if;
    flat := st_force2d(case when st_srid(area) = 0 then st_setsrid(area, 4326) else area end);
    if st_srid(flat) <> 4326 then
        flat := st_transform(flat, 4326);
    end if;
    if not (st_xmin(flat) >= -180 and st_xmax(flat) <= 180 and st_ymin(flat) >= -90 and st_ymax(flat) <= 90) then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = 'The coordinates of the area are no degrees.',
            hint = 'Give longitude and latitude (WGS 84), or a geometry that names its own system (srid).';
    end if;
    if not st_isvalid(flat) then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('The area is invalid: %s.', st_isvalidreason(flat)),
            hint = 'Repair it where it was drawn, or with st_makevalid.';
    end if;
    if not flat && chicago then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = case
                when st_flipcoordinates(flat) && chicago then 'The coordinates of the area are swapped.'
                else 'The area is not in Chicago.'
            end,
            hint = format(
                'Give longitude first, from %s to %s, then latitude, from %s to %s.',
                st_xmin(chicago), st_xmax(chicago), st_ymin(chicago), st_ymax(chicago)
            );
    end if;
    return flat;
end
    {%- endcall -%}
{%- endmacro %}

{#- Degrees that a distance takes at most, a little more than it does: a degree of latitude has at least 111.0 km here, one of
    longitude at least 111.3 km times the cosine of the latitude that is furthest from the equator. The box finds candidates by
    the index of geom; the geodesic distance decides. An index on geom::geography would do both in one, and cost every load. -#}
{% macro circle_asked_about() -%}
centre constant geometry := spatial.checked_place(lat, lon, radius_feet);
    reach constant double precision := radius_feet * 0.3048;
    high constant double precision := reach / 110900;
    wide constant double precision := reach / (111200 * cos(radians(abs(lat) + high)));
    box constant geometry := st_makeenvelope(lon - wide, lat - high, lon + wide, lat + high, 4326);
    days constant boolean := spatial.checked_window(since, until);
{%- endmacro %}


{#- A condition. `metres`: the distance, where it is computed already. -#}
{% macro in_circle(relation, metres=none) -%}
{{ relation }}.geom && box
        and {{ metres or metres_from_centre(relation) }} <= reach
        and {{ in_days(relation) }}
{%- endmacro %}


{% macro metres_from_centre(relation) -%}
st_distance({{ relation }}.geom::geography, centre::geography)
{%- endmacro %}


{#- The area in pieces of at most 255 corners: their boxes hold little that is not in them, and whether a point is in one is quickly
    said. In one ring, pieces meet only where it was cut, at the edges of their boxes. -#}
{% macro area_asked_about() -%}
place constant geometry := spatial.checked_area(area);
    pieces constant geometry[] := array(select st_subdivide(place, 255));
    one_ring constant boolean := st_numgeometries(place) = 1 and st_nrings(place) = 1;
    days constant boolean := spatial.checked_window(since, until);
{%- endmacro %}


{#- Rows of a relation with a point in the area, as `name`: what follows `from`. A point where pieces meet is in each of them, and
    counts in the first. -#}
{% macro in_area(relation, name) -%}
(
                select
                    cut.piece,
                    cut.place,
                    st_xmin(cut.piece) as west,
                    st_xmax(cut.piece) as east,
                    st_ymin(cut.piece) as south,
                    st_ymax(cut.piece) as north
                from unnest(pieces) with ordinality as cut (piece, place)
                {{ one_by_one() }}
            ) as part
            cross join lateral (
                select located.*
                from {{ relation }} as located
                where
                    st_intersects(part.piece, located.geom)
                    and {{ in_days('located') }}
                    and (
                        one_ring
                        and st_x(located.geom) <> part.west
                        and st_x(located.geom) <> part.east
                        and st_y(located.geom) <> part.south
                        and st_y(located.geom) <> part.north
                        or not one_ring and st_containsproperly(part.piece, located.geom)
                        or not exists (
                            select
                            from unnest(pieces) with ordinality as earlier (piece, place)
                            where earlier.place < part.place and st_intersects(earlier.piece, located.geom)
                        )
                    )
                {{ one_by_one() }}
            ) as {{ name }}
{%- endmacro %}


{#- Chicago days, both included. -#}
{% macro in_days(relation) -%}
(since is null or {{ relation }}.crash_at_local >= since)
        and (until is null or {{ relation }}.crash_at_local < until + 1)
{%- endmacro %}


{% macro crashes_near_function() -%}
    {%- call spatial_function(
        'crashes_near',
        [
            ('lat', 'double precision', none), ('lon', 'double precision', none), ('radius_feet', 'double precision', none),
            ('since', 'date', 'null'), ('until', 'date', 'null'),
        ],
        'table(crash_record_id text, crash_at_local timestamp, severity_score integer, metres double precision, '
        ~ 'geom ' ~ postgis_schema() ~ '.geometry)',
        'Crashes up to so many feet from a point, measured on the ellipsoid, the nearest first; by Chicago days, both included, '
        ~ 'or null for no limit. Rows that vanished from the portal are left out.'
    ) -%}
declare
    {{ circle_asked_about() }}
begin
    return query
    select
        crashes.crash_record_id,
        crashes.crash_at_local,
        crashes.severity_score,
        away.metres,
        crashes.geom
    from {{ in_schema(ref('crashes')) }} as crashes
    cross join lateral (
        select {{ metres_from_centre('crashes') }} as metres
        limit 1
    ) as away
    where
        {{ in_circle('crashes', metres='away.metres') }}
        and crashes.deleted_at is null
    order by away.metres asc, crashes.crash_record_id asc;
end
    {%- endcall -%}
{%- endmacro %}


{% macro crashes_within_function() -%}
    {%- set geometry = postgis_schema() ~ '.geometry' -%}
    {%- call spatial_function(
        'crashes_within',
        [('area', geometry, none), ('since', 'date', 'null'), ('until', 'date', 'null')],
        'table(crash_record_id text, crash_at_local timestamp, severity_score integer, geom ' ~ geometry ~ ')',
        'Crashes in a polygon or on its border, the oldest first; by Chicago days, both included, or null for no limit. Another '
        ~ 'system than EPSG:4326 is transformed. Rows that vanished from the portal are left out.'
    ) -%}
declare
    {{ area_asked_about() }}
begin
    return query
    select
        crashes.crash_record_id,
        crashes.crash_at_local,
        crashes.severity_score,
        crashes.geom
    from {{ in_area(in_schema(ref('crashes')), 'crashes') }}
    where crashes.deleted_at is null
    order by crashes.crash_at_local asc, crashes.crash_record_id asc;
end
    {%- endcall -%}
{%- endmacro %}


{#- The table of layers may not be there yet, and is named only when it is. -#}
{% macro feature_area_function() -%}
    {%- call spatial_function(
        'feature_area',
        [('layer', 'text', none), ('feature', 'text', none)],
        postgis_schema() ~ '.geometry',
        "The area of a feature of a layer, by the layer's id or name and the feature's label, both in any case; all of them together "
        ~ 'where several are called so. Raises an error with a hint where there is none. For crashes_within and report_within.'
    ) -%}
declare
    known text;
    found geometry;
begin
    if to_regclass('spatial.features') is null then
        raise exception using
            errcode = 'undefined_object',
            message = 'There are no layers yet.',
            hint = 'Make one (crashes layers add FILE --name …), then run crashes run.';
    end if;
    execute
        'select layer_id from spatial.features left join spatial.layers using (layer_id) '
        'where lower($1) in (layer_id, lower(layers.name)) order by layer_id = lower($1) desc limit 1'
    into known using btrim(layer);
    if known is null then
        execute
            'select coalesce(string_agg(distinct layer_id, '', ''), ''none'') from spatial.features'
        into known;
        raise exception using
            errcode = 'undefined_object',
            message = format('There is no layer %L with features.', left(layer, 60)),
            hint = format('Layers there are: %s.', known);
    end if;
    execute
        'select case when count(*) > 1 then st_union(array_agg(geom)) else (array_agg(geom))[1] end '
        'from spatial.features where layer_id = $1 and lower(label) = lower($2)'
    into found using known, btrim(feature);
    if found is null then
        raise exception using
            errcode = 'undefined_object',
            message = format('The layer %s has no feature %L.', known, left(feature, 60)),
            hint = format('select label from spatial.features where layer_id = %L', known);
    end if;
    return found;
end
    {%- endcall -%}
{%- endmacro %}

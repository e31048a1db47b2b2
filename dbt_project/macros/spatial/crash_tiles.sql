{#- spatial.crash_tiles: crashes as vector tiles, for any tile server of PostGIS. Made at the end of a build that makes views. It
    finds the table by its name whenever it is asked, so it survives a full refresh, and may be made before there is one. -#}
{% macro make_crash_tiles(reads) -%}
    {%- set schema, crashes = 'spatial', reads[0].include(database=false) -%}
    {%- if execute and makes_views() -%}
    {%- if not adapter.check_schema_exists(target.database, schema) %}
    create schema if not exists {{ schema }};
    {%- endif %}

    -- A replaced function keeps its owner; the owner of the schema may make it anew (see `crashes db roles`).
    do $make$
    begin
        if exists (
            select from pg_proc
            where pronamespace = to_regnamespace('{{ schema }}') and proname = 'crash_tiles' and not pg_has_role(proowner, 'usage')
        ) then
            drop function {{ schema }}.crash_tiles(integer, integer, integer, json);
        end if;
    end
    $make$;
    {{ _crash_tiles(schema ~ '.crash_tiles', crashes) }}
    {%- endif -%}
{%- endmacro %}


{#- Each crash is in exactly one tile of a zoom and in one cell of it. A plan for any tile would be made for a thousand columns, and read
    the whole table: from the sixth call of a session on, were each call not planned by itself. -#}
{% macro _crash_tiles(function, crashes) -%}
create or replace function {{ function }}(z integer, x integer, y integer, query_params json default '{}')
returns bytea
language plpgsql
stable
parallel safe
set search_path = pg_catalog, {{ postgis_schema() }}, pg_temp
set plan_cache_mode = force_custom_plan
as $function$
#variable_conflict use_variable
declare
    layer constant text := 'crashes';
    cells constant integer := {{ var('tile_cells') }};
    most_points constant integer := {{ var('tile_most_points') }};
    -- tiles of zoom 12 along a side of a wider one, tiles of zoom z along a side of one of zoom 12, and of one of zoom 18
    wide constant integer := 1 << greatest(12 - z, 0);
    narrow constant integer := 1 << least(greatest(z - 12, 0), 6);
    tiny constant integer := 1 << greatest(z - 18, 0);
    -- zooms from a cell to the tiles of zoom 18 that it is made of; below 0, it is not made of them
    zooms_within constant integer := case when cells & (cells - 1) = 0 then 18 - z - log(2, cells)::integer else -1 end;
    -- what the numbers of a cell's tiles of zoom 18 have in common: all but the last bits of their columns and rows (see tile_cell)
    of_cell constant bigint := ~(
        ((1 << least(greatest(zooms_within, 0), 6)) - 1)::bigint * ((1 << 6) + 1)
        + ((1 << greatest(zooms_within - 6, 0)) - 1)::bigint * ((1 << 24) + (1 << 12))
    );
    -- where the tile lies, in tiles of zoom 12; and in that one, in tiles of zoom 18
    first_column constant bigint := x::bigint * wide / (narrow * tiny);
    first_row constant bigint := y::bigint * wide / (narrow * tiny);
    column_within constant integer := x / tiny % narrow * 64 / narrow;
    row_within constant integer := y / tiny % narrow;
    first_moment timestamp;
    end_moment timestamp;
    least_severity integer;
    tile bytea;
    points bigint;
begin
    if z is null or x is null or y is null or z not between 0 and 24 or x not between 0 and (1 << z) - 1
        or y not between 0 and (1 << z) - 1
    then
        return ''::bytea;
    end if;
    if query_params ->> 'since' !~ '^\d{4}-\d\d-\d\d$' or query_params ->> 'until' !~ '^\d{4}-\d\d-\d\d$' then
        raise exception 'since and until are days, YYYY-MM-DD: %', query_params using errcode = 'invalid_parameter_value';
    end if;
    if query_params ->> 'min_severity' !~ '^[1-5]$' then
        raise exception 'min_severity is 1, 2, 3, 4 or 5: %', query_params using errcode = 'invalid_parameter_value';
    end if;
    first_moment := coalesce((query_params ->> 'since')::date, '-infinity');
    end_moment := coalesce((query_params ->> 'until')::date + 1, 'infinity');
    least_severity := coalesce((query_params ->> 'min_severity')::integer, 1);

    if wide = 1 then
        {{ _tile_of(_crashes_in_one_range(crashes)) }}
    else
        {{ _tile_of(_crashes_in_columns(crashes)) }}
    end if;
    return tile;
end
$function$;

comment on function {{ function }}(integer, integer, integer, json) is
'Crashes as a vector tile (layer crashes), for pg_tileserv, martin and the like. From zoom {{ var("tile_points_from_zoom") }} on one point a crash: crash_record_id, crash_day, severity_score, first_crash_type, injuries_total, injuries_fatal, and crashes, which is 1. Below, and in tiles of more than {{ var("tile_most_points") }} crashes, one point for all crashes of a cell, {{ var("tile_cells") }} by {{ var("tile_cells") }} to a tile: crashes (how many), severity_score (of the worst), injuries_total, injuries_fatal. query_params: since, until (days, both included), min_severity (1 to 5). A tile that does not exist is empty.'
{%- endmacro %}


{#- `found`: what follows `from`. Sets `tile`, or returns it. -#}
{% macro _tile_of(found) -%}
if z >= {{ var('tile_points_from_zoom') }} then
        select count(*)
        into points
        from (
            select
            {{ found }}
            limit most_points + 1
        ) as found;
        if points <= most_points then
            select st_asmvt(feature, layer, 4096, 'geom')
            into tile
            from (
                select
                    st_asmvtgeom(st_transform(crashes.geom, 3857), st_tileenvelope(z, x, y), 4096, 0, false) as geom,
                    1 as crashes,
                    crashes.crash_record_id,
                    to_char(crashes.crash_at_local, 'YYYY-MM-DD') as crash_day,
                    crashes.severity_score,
                    crashes.first_crash_type,
                    coalesce(crashes.injuries_total, 0) as injuries_total,
                    coalesce(crashes.injuries_fatal, 0) as injuries_fatal
                {{ found }}
                order by crashes.severity_score, crashes.crash_record_id
            ) as feature;
            return tile;
        end if;
    end if;

    select st_asmvt(feature, layer, 4096, 'geom')
    into tile
    from (
        select
            st_asmvtgeom(
                st_transform(st_setsrid(st_makepoint(sum(crashes.longitude) / count(*), sum(crashes.latitude) / count(*)), 4326), 3857),
                st_tileenvelope(z, x, y), 4096, 0, false
            ) as geom,
            count(*) as crashes,
            max(crashes.severity_score) as severity_score,
            coalesce(sum(crashes.injuries_total), 0) as injuries_total,
            coalesce(sum(crashes.injuries_fatal), 0) as injuries_fatal
        {{ found }}
        group by
            case
                when zooms_within = 0 then crashes.tile_cell
                when zooms_within > 0 then crashes.tile_cell & of_cell
                else {{ tile_column('crashes.longitude', '(1 << z) * cells') }}
            end,
            case when zooms_within >= 0 then 0 else {{ tile_row('crashes.latitude', '(1 << z) * cells') }} end
    ) as feature;
{%- endmacro %}


{#- By the index of tile_cell. What a tile of zoom 12, or one within it, holds stands together there, cell after cell, so that cells need
    no sorting; but for the rows within it. -#}
{% macro _crashes_in_one_range(crashes) -%}
from {{ crashes }} as crashes
            where
                crashes.tile_cell >= (first_column << 24) + (first_row << 12) + (column_within << 6)
                and crashes.tile_cell < (first_column << 24) + (first_row << 12) + (column_within + 64 / narrow << 6)
                and (narrow = 1 or (crashes.tile_cell & 63) * narrow >> 6 = row_within)
                -- beyond zoom 18 the point itself tells
                and (
                    tiny = 1
                    or {{ tile_column('crashes.longitude', '(1 << z)') }} = x
                    and {{ tile_row('crashes.latitude', '(1 << z)') }} = y
                )
                and {{ _crashes_asked_for() }}
{%- endmacro %}


{#- A wider tile is looked up column after column of zoom 12. -#}
{% macro _crashes_in_columns(crashes) -%}
from generate_series(first_column, first_column + wide - 1) as columns (number)
            inner join {{ crashes }} as crashes
                on crashes.tile_cell >= (columns.number << 24) + (first_row << 12)
                and crashes.tile_cell < (columns.number << 24) + (first_row + wide << 12)
            where
                {{ _crashes_asked_for() }}
{%- endmacro %}


{% macro _crashes_asked_for() -%}
crashes.deleted_at is null
                and crashes.crash_at_local >= first_moment
                and crashes.crash_at_local < end_moment
                and crashes.severity_score >= least_severity
{%- endmacro %}

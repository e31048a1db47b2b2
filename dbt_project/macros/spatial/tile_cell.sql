{#- Web maps cut the world into 2^zoom by 2^zoom tiles, counted from the north-west corner. This is the tile of zoom 18 that a point
    lies in (114 m in Chicago), as a number in which all of a tile of zoom 12 stands together: its column and row of zoom 12,
    12 bits each, then those of zoom 18 within it, 6 bits each. -#}
{% macro tile_cell(longitude, latitude) -%}
{%- set column, row = tile_column(longitude, '262144'), tile_row(latitude, '262144') -%}
(
            ({{ column }} >> 6 << 24)
            + ({{ row }} >> 6 << 12)
            + (({{ column }} & 63) << 6)
            + ({{ row }} & 63)
        )
{%- endmacro %}


{#- Counted from the date line to the east, of so many all around. -#}
{% macro tile_column(longitude, tiles) -%}
floor(({{ longitude }} + 180) / 360 * {{ tiles }})::bigint
{%- endmacro %}


{#- Counted from the north, of as many. -#}
{% macro tile_row(latitude, tiles) -%}
floor((1 - asinh(tan(radians({{ latitude }}))) / pi()) / 2 * {{ tiles }})::bigint
{%- endmacro %}


{#- An index that holds all that a tile shows of its crashes: they lie all over the table, which needs not be read then. -#}
{% macro index_of_tiles() -%}
    {%- set existing %}
        select 1 from pg_index where indrelid = '{{ this }}'::regclass and pg_get_indexdef(indexrelid) like '%(tile_cell)%'
    {%- endset -%}
    {%- if execute and run_query(existing) | length == 0 -%}
        create index on {{ this }} (tile_cell)
        include (longitude, latitude, crash_at_local, severity_score, injuries_total, injuries_fatal)
        where deleted_at is null
    {%- endif -%}
{%- endmacro %}

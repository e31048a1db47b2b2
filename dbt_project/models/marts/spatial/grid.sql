{{ config(
    materialized='table',
    tags=['hotspots'],
    indexes=[{'columns': ['geom'], 'type': 'gist'}],
    post_hook="{{ primary_key('i, j') }}",
) }}

-- One row a hexagon with at least one located crash, of the grid that ST_HexagonGrid lays over the plane from its origin: the
-- same hexagon has the same i and j whatever crashes there are. A crash on an edge belongs to that of the lowest i, then j.
-- The plane keeps areas to 0.01 %, so counts are densities too. No run waits for it.
with located as (
    select
        severity_score,
        coalesce(injuries_total, 0) as injuries,
        coalesce(injuries_fatal, 0) as deaths,
        {{ severity_weight('severity_score') }} as weight,
        st_transform(geom, {{ var('plane_srid') }}) as place
    from {{ ref('crashes') }}
    where deleted_at is null and geom is not null
),

assigned as (
    select
        located.*,
        hexagon.i,
        hexagon.j
    from located
    inner join lateral (
        select
            candidates.i,
            candidates.j
        from st_hexagongrid({{ var('hexagon_metres') }}, located.place) as candidates
        where st_intersects(candidates.geom, located.place)
        order by candidates.i, candidates.j
        limit 1
    ) as hexagon on true
)

select
    i,
    j,
    count(*) as crashes,
    {% for score in range(1, 6) -%}
    count(*) filter (where severity_score = {{ score }}) as crashes_of_severity_{{ score }},
    {% endfor -%}
    sum(weight) as weighted_crashes,
    sum(deaths) as killed,
    sum(injuries) as injured,
    {{ in_degrees(
        'st_hexagon(' ~ var('hexagon_metres') ~ ', i, j, st_setsrid(st_makepoint(0, 0), ' ~ var('plane_srid') ~ '))', 'polygon'
    ) }} as geom
from assigned
group by i, j

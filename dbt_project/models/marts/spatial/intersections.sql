{{ config(
    materialized='table',
    tags=['hotspots'],
    indexes=[
        {'columns': ['geom'], 'type': 'gist'},
        {'columns': ['rank']},
    ],
    post_hook="{{ primary_key('intersection_id') }}",
) }}

-- One row a corner where crashes keep happening: a tight cluster of those that the police call related to an intersection, of all
-- days. There is no list of corners in the data: the name is of the two streets that its crashes name most. No run waits for it.
with located as (
    select
        'all' as period,
        crash_record_id,
        crash_at_local,
        crash_at_local::date as crash_day,
        street_name,
        coalesce(injuries_total, 0) as injuries,
        coalesce(injuries_fatal, 0) as deaths,
        {{ severity_weight('severity_score') }} as weight,
        st_transform(geom, {{ var('plane_srid') }}) as place
    from {{ ref('crashes') }}
    where deleted_at is null and geom is not null and intersection_related_i = 'Y'
),

covered as (
    select
        min(crash_day) as first_day,
        max(crash_day) as last_day
    from located
),

locations as (
    select
        located.period,
        located.place,
        count(*) as weight,
        {{ least_weight(
            var('intersection_crashes_a_year'), var('intersection_crashes_floor'), 'covered.first_day', 'covered.last_day'
        ) }} as least_weight
    from located
    cross join covered
    group by located.period, located.place, covered.first_day, covered.last_day
),

clusters as (
    {{ density_clusters('locations', var('intersection_metres')) }}
),

members as (
    select
        located.*,
        clusters.cluster
    from clusters
    inner join located on clusters.place = located.place
),

named as (
    select
        cluster,
        street_name,
        row_number() over (partition by cluster order by count(*) desc, street_name asc) as place_by_use
    from members
    where street_name is not null
    group by cluster, street_name
),

streets as (
    select
        cluster,
        max(street_name) filter (where place_by_use = 1) as street_name,
        max(street_name) filter (where place_by_use = 2) as other_street_name
    from named
    group by cluster
),

summed as (
    select
        cluster,
        count(*) as crashes,
        sum(weight) as weighted_crashes,
        sum(deaths) as killed,
        sum(injuries) as injured,
        min(crash_day) as first_day,
        max(crash_day) as last_day,
        md5((array_agg(crash_record_id order by crash_at_local, crash_record_id))[1]) as intersection_id,
        st_setsrid(
            st_makepoint(
                avg(st_x(place) order by crash_record_id), avg(st_y(place) order by crash_record_id)
            ),
            {{ var('plane_srid') }}
        ) as centre,
        st_collect(place) as places,
        {{ cluster_extent('place', var('intersection_metres') / 2) }} as extent
    from members
    group by cluster
)

select
    summed.intersection_id,
    summed.first_day,
    summed.last_day,
    streets.street_name,
    streets.other_street_name,
    summed.crashes,
    summed.weighted_crashes,
    summed.killed,
    summed.injured,
    summed.extent,
    row_number() over (
        order by summed.crashes desc, summed.weighted_crashes desc, summed.intersection_id asc
    )::integer as rank,
    round(st_maxdistance(summed.centre, summed.places)::numeric, 1)::double precision as radius_metres,
    {{ in_degrees('summed.centre', 'point') }} as geom
from summed
left join streets on summed.cluster = streets.cluster

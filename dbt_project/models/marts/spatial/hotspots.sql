{{ config(
    materialized='table',
    tags=['hotspots'],
    indexes=[
        {'columns': ['geom'], 'type': 'gist'},
        {'columns': ['extent'], 'type': 'gist'},
        {'columns': ['period', 'rank']},
    ],
    post_hook="{{ primary_key('hotspot_id') }}",
) }}

-- One row a hot spot and period (`all`, and each year): a cluster of located crashes whose weight by severity is dense, by DBSCAN
-- in metres on the plane. What is dense is a weight a year, so that the years and all of them together show places of the same
-- kind, and a year that has just begun is not empty. No run waits for it: it reads all crashes, and is built weekly.
with located as (
    select
        crash_record_id,
        crash_at_local,
        crash_at_local::date as crash_day,
        street_name,
        coalesce(injuries_total, 0) as injuries,
        coalesce(injuries_fatal, 0) as deaths,
        {{ severity_weight('severity_score') }} as weight,
        st_transform(geom, {{ var('plane_srid') }}) as place
    from {{ ref('crashes') }}
    where deleted_at is null and geom is not null
),

covered as (
    select
        min(crash_day) as first_day,
        max(crash_day) as last_day
    from located
),

periods as (
    select
        'all' as period,
        first_day,
        last_day
    from covered
    union all
    select
        years.year::text as period,
        greatest(covered.first_day, make_date(years.year, 1, 1)) as first_day,
        least(covered.last_day, make_date(years.year, 12, 31)) as last_day
    from covered
    cross join generate_series(
        extract(year from covered.first_day)::integer, extract(year from covered.last_day)::integer
    ) as years (year)
),

locations as (
    select
        periods.period,
        located.place,
        sum(located.weight) as weight,
        {{ least_weight(var('hotspot_weight_a_year'), var('hotspot_weight_floor'), 'periods.first_day', 'periods.last_day') }}
            as least_weight
    from located
    inner join periods on located.crash_day between periods.first_day and periods.last_day
    group by periods.period, located.place, periods.first_day, periods.last_day
),

clusters as (
    {{ density_clusters('locations', var('hotspot_metres')) }}
),

members as (
    select
        located.*,
        clusters.period,
        clusters.cluster
    from clusters
    inner join periods on clusters.period = periods.period
    inner join located
        on clusters.place = located.place and located.crash_day between periods.first_day and periods.last_day
),

summed as (
    select
        period,
        count(*) as crashes,
        sum(weight) as weighted_crashes,
        sum(deaths) as killed,
        sum(injuries) as injured,
        min(crash_day) as first_day,
        max(crash_day) as last_day,
        mode() within group (order by street_name) as street_name,
        md5(period || ':' || (array_agg(crash_record_id order by crash_at_local, crash_record_id))[1]) as hotspot_id,
        st_setsrid(
            st_makepoint(
                sum(st_x(place) * weight order by crash_record_id) / sum(weight),
                sum(st_y(place) * weight order by crash_record_id) / sum(weight)
            ),
            {{ var('plane_srid') }}
        ) as centre,
        st_collect(place) as places,
        {{ cluster_extent('place', var('hotspot_metres') / 2) }} as extent
    from members
    group by period, cluster
)

select
    hotspot_id,
    period,
    first_day,
    last_day,
    street_name,
    crashes,
    weighted_crashes,
    killed,
    injured,
    extent,
    row_number() over (partition by period order by weighted_crashes desc, crashes desc, hotspot_id asc)::integer as rank,
    round(st_maxdistance(centre, places)::numeric, 1)::double precision as radius_metres,
    {{ in_degrees('centre', 'point') }} as geom
from summed

-- One row a ward or community area, and year: what happened there, among its like, and against the three years before. Years in
-- which nothing happened are there too. A view over spatial.crash_features: never behind it.
with years as (
    select generate_series(covered.first_year, covered.last_year) as year
    from (
        select
            extract(year from min(crash_at_local))::integer as first_year,
            extract(year from max(crash_at_local))::integer as last_year
        from {{ ref('crashes') }}
        where deleted_at is null
    ) as covered
),

places as (
    select
        features.layer_id,
        features.feature_id,
        features.label,
        features.square_miles,
        years.year
    from {{ ref('features') }} as features
    cross join years
    where features.layer_id in ('wards', 'community_areas')
),

happened as (
    select
        placed.feature_id,
        extract(year from crashes.crash_at_local)::integer as year,
        count(*) as crashes,
        coalesce(sum(crashes.injuries_total), 0) as injured,
        coalesce(sum(crashes.injuries_fatal), 0) as killed
    from {{ ref('crash_features') }} as placed
    inner join {{ ref('crashes') }} as crashes on placed.crash_record_id = crashes.crash_record_id
    where placed.layer_id in ('wards', 'community_areas') and crashes.deleted_at is null
    group by placed.feature_id, extract(year from crashes.crash_at_local)
),

counted as (
    select
        places.layer_id,
        places.feature_id,
        places.label,
        places.year,
        places.square_miles,
        coalesce(happened.crashes, 0) as crashes,
        coalesce(happened.injured, 0) as injured,
        coalesce(happened.killed, 0) as killed
    from places
    left outer join happened on places.feature_id = happened.feature_id and places.year = happened.year
),

compared as (
    select
        counted.*,
        rank() over (partition by counted.layer_id, counted.year order by counted.crashes desc) as crashes_rank,
        avg(counted.crashes) over three_years_before as crashes_before,
        count(*) over three_years_before as years_before
    from counted
    window three_years_before as (
        partition by counted.feature_id order by counted.year range between 3 preceding and 1 preceding
    )
)

select
    layer_id,
    feature_id,
    label,
    year,
    crashes,
    injured,
    killed,
    crashes_rank,
    round((crashes / square_miles)::numeric, 1) as crashes_per_square_mile,
    case when years_before = 3 then round(crashes_before, 1) end as mean_of_three_years_before,
    case when years_before = 3 and crashes_before > 0 then round(crashes / crashes_before - 1, 4)::double precision end as change
from compared

-- One row a crash (those that vanished left out): who was in it, how badly they were hurt, and what else a report on a place
-- says of it. Counted when it is asked for, from the people and units of the crashes that are asked about, by their index.
select
    crashes.crash_record_id,
    crashes.crash_at_local,
    crashes.prim_contributory_cause,
    crashes.geom,
    involved.people::integer as people,
    involved.drivers::integer as drivers,
    involved.passengers::integer as passengers,
    involved.pedestrians::integer as pedestrians,
    involved.cyclists::integer as cyclists,
    involved.children::integer as children,
    units.units::integer as units,
    units.motor_vehicles::integer as motor_vehicles,
    involved.killed::integer as killed,
    involved.incapacitated::integer as incapacitated,
    involved.injured_evidently::integer as injured_evidently,
    involved.injured_reportedly::integer as injured_reportedly,
    involved.uninjured::integer as uninjured,
    involved.injury_unknown::integer as injury_unknown,
    involved.pedestrians_injured::integer as pedestrians_injured,
    involved.cyclists_injured::integer as cyclists_injured,
    involved.children_injured::integer as children_injured,
    involved.person_types,
    involved.injury_classifications,
    coalesce(crashes.hit_and_run_i = 'Y', false) as hit_and_run,
    involved.injured = 0 and coalesce(crashes.injuries_total, 0) = 0 as is_harmless
from {{ ref('crashes') }} as crashes
inner join lateral (
    select
        count(*) as people,
        count(*) filter (where people.person_type = 'DRIVER') as drivers,
        count(*) filter (where people.person_type = 'PASSENGER') as passengers,
        count(*) filter (where people.person_type = 'PEDESTRIAN') as pedestrians,
        count(*) filter (where people.person_type = 'BICYCLE') as cyclists,
        count(*) filter (where people.age < 18) as children,
        count(*) filter (where people.kabco = 'K') as killed,
        count(*) filter (where people.kabco = 'A') as incapacitated,
        count(*) filter (where people.kabco = 'B') as injured_evidently,
        count(*) filter (where people.kabco = 'C') as injured_reportedly,
        count(*) filter (where people.kabco = 'O') as uninjured,
        count(*) filter (where people.kabco = 'U') as injury_unknown,
        count(*) filter (where people.is_injured) as injured,
        count(*) filter (where people.is_injured and people.person_type = 'PEDESTRIAN') as pedestrians_injured,
        count(*) filter (where people.is_injured and people.person_type = 'BICYCLE') as cyclists_injured,
        count(*) filter (where people.is_injured and people.age < 18) as children_injured,
        coalesce(array_agg(people.person_type order by people.person_id), '{}') as person_types,
        coalesce(array_agg(people.injury_classification order by people.person_id), '{}') as injury_classifications
    from (
        select
            of_crash.person_id,
            of_crash.person_type,
            of_crash.age,
            of_crash.injury_classification,
            classified.kabco,
            classified.kabco in ('K', 'A', 'B', 'C') as is_injured
        from {{ ref('people') }} as of_crash
        inner join lateral (
            select {{ kabco('of_crash.injury_classification') }} as kabco
            limit 1  -- noqa: AM09
        ) as classified on true
        where of_crash.crash_record_id = crashes.crash_record_id and of_crash.deleted_at is null
    ) as people
) as involved on true
inner join lateral (
    select
        count(*) as units,
        count(*) filter (where vehicles.unit_type in ('DRIVER', 'PARKED', 'DRIVERLESS')) as motor_vehicles
    from {{ ref('vehicles') }} as vehicles
    where vehicles.crash_record_id = crashes.crash_record_id and vehicles.deleted_at is null
) as units on true
where crashes.deleted_at is null

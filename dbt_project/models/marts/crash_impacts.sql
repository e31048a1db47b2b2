-- One row a crash (those that vanished left out): who was in it, how badly they were hurt, what it cost. A view, computed from
-- the people and units of the crashes that are asked for, by their index: it is never behind, and no build waits for it.
with costs as (
    select
        counted,
        injury_classification,
        economic_cost,
        quality_of_life_cost
    from {{ ref('injury_costs') }}
)

select
    {{ impact_of_crash() }}
from {{ ref('crashes') }} as crashes
inner join lateral (
    select
        {{ impact_on_people() }}
    from {{ ref('people') }} as people
    left outer join costs
        on people.injury_classification = costs.injury_classification and costs.counted = 'person'
    where people.crash_record_id = crashes.crash_record_id and people.deleted_at is null
) as involved on true
inner join lateral (
    select
        {{ impact_on_units() }}
    from {{ ref('vehicles') }} as vehicles
    where vehicles.crash_record_id = crashes.crash_record_id and vehicles.deleted_at is null
) as units on true
-- the motor vehicles to pay for: none where anybody was hurt, by either account
inner join lateral (
    select
        {{ harmless_motor_vehicles() }}
    limit 1  -- noqa: AM09
) as harmless on true
inner join costs as by_vehicle on by_vehicle.counted = 'vehicle'
where crashes.deleted_at is null

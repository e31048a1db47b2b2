-- One row a crash (those that vanished left out): who was in it, how badly they were hurt, what it cost. What a class of injury
-- costs is read when it is asked for: a changed cost needs no build.
with paid as (
    select
        impacts.*,
        {{ cost_of_crash('economic_cost') }} as economic_cost,
        {{ cost_of_crash('quality_of_life_cost') }} as quality_of_life_cost
    from {{ ref('int_crashes__impacts') }} as impacts
)

select  -- noqa: ST06
    crash_record_id,
    crash_at_local,
    people,
    drivers,
    passengers,
    pedestrians,
    cyclists,
    children,
    units,
    motor_vehicles,
    killed,
    incapacitated,
    injured_evidently,
    injured_reportedly,
    uninjured,
    injury_unknown,
    pedestrians_injured,
    cyclists_injured,
    children_injured,
    hit_and_run,
    economic_cost,
    quality_of_life_cost,
    economic_cost + quality_of_life_cost as total_cost,
    is_harmless,
    prim_contributory_cause,
    person_types,
    injury_classifications,
    geom
from paid

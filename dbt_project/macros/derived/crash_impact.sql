{#- What a crash did to people, and cost. Said once, for marts.crash_impacts, which looks up the people and units of each crash that it
    is asked about, and for spatial.report_of, which reads those of thousands at once and left-joins them: nobody counts 0. -#}
{% macro impact_on_people() -%}
count(people.person_id) as people,
        count(*) filter (where people.person_type = 'DRIVER') as drivers,
        count(*) filter (where people.person_type = 'PASSENGER') as passengers,
        count(*) filter (where people.person_type = 'PEDESTRIAN') as pedestrians,
        count(*) filter (where people.person_type = 'BICYCLE') as cyclists,
        count(*) filter (where people.age < 18) as children,
        count(*) filter (where costs.injury_classification = 'FATAL') as killed,
        count(*) filter (where costs.injury_classification = 'INCAPACITATING INJURY') as incapacitated,
        count(*) filter (where costs.injury_classification = 'NONINCAPACITATING INJURY') as injured_evidently,
        count(*) filter (where costs.injury_classification = 'REPORTED, NOT EVIDENT') as injured_reportedly,
        count(*) filter (where costs.injury_classification = 'NO INDICATION OF INJURY') as uninjured,
        count(people.person_id) filter (where costs.injury_classification is null) as injury_unknown,
        count(*) filter (where people.person_type = 'PEDESTRIAN' and costs.economic_cost > 0) as pedestrians_injured,
        count(*) filter (where people.person_type = 'BICYCLE' and costs.economic_cost > 0) as cyclists_injured,
        count(*) filter (where people.age < 18 and costs.economic_cost > 0) as children_injured,
        count(*) filter (where costs.economic_cost > 0) as injured,
        coalesce(sum(costs.economic_cost), 0)::bigint as economic_cost,
        coalesce(sum(costs.quality_of_life_cost), 0)::bigint as quality_of_life_cost
{%- endmacro %}


{% macro impact_on_units() -%}
count(vehicles.crash_unit_id) as units,
        count(*) filter (where vehicles.unit_type in ('DRIVER', 'PARKED', 'DRIVERLESS')) as motor_vehicles
{%- endmacro %}


{#- The motor vehicles to pay for: none where anybody was hurt, by either account. -#}
{% macro harmless_motor_vehicles() -%}
case
            when involved.injured > 0 or crashes.injuries_total > 0 then 0
            else units.motor_vehicles
        end as motor_vehicles
{%- endmacro %}


{#- From the crash, `involved` (people), `units`, `harmless` and `by_vehicle` (costs). -#}
{% macro impact_of_crash() -%}
crashes.crash_record_id,
    crashes.crash_at_local,
    involved.people,
    involved.drivers,
    involved.passengers,
    involved.pedestrians,
    involved.cyclists,
    involved.children,
    units.units,
    units.motor_vehicles,
    involved.killed,
    involved.incapacitated,
    involved.injured_evidently,
    involved.injured_reportedly,
    involved.uninjured,
    involved.injury_unknown,
    involved.pedestrians_injured,
    involved.cyclists_injured,
    involved.children_injured,
    coalesce(crashes.hit_and_run_i = 'Y', false) as hit_and_run,
    involved.economic_cost + harmless.motor_vehicles * by_vehicle.economic_cost as economic_cost,
    involved.quality_of_life_cost + harmless.motor_vehicles * by_vehicle.quality_of_life_cost as quality_of_life_cost,
    involved.economic_cost + involved.quality_of_life_cost
    + harmless.motor_vehicles * (by_vehicle.economic_cost + by_vehicle.quality_of_life_cost) as total_cost
{%- endmacro %}

-- One row a crash (those that vanished left out): who was in it, how badly they were hurt, what it cost. What a class of injury costs
-- is read when it is asked for: a changed cost needs no build.
with costs as (
    select
        {%- for kind in ['economic_cost', 'quality_of_life_cost'] %}
        {%- for class in counts_by_kabco() %}
        coalesce(max({{ kind }}) filter (where counted = 'person' and kabco = '{{ class }}'), 0) as {{ kind }}_of_{{ class | lower }},
        {%- endfor %}
        coalesce(max({{ kind }}) filter (where counted = 'vehicle'), 0) as {{ kind }}_of_vehicle{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('injury_costs') }}
),

paid as (
    select
        impacts.*,
        {%- for kind in ['economic_cost', 'quality_of_life_cost'] %}
        (
            {%- for class, column in counts_by_kabco().items() %}
            impacts.{{ column }} * costs.{{ kind }}_of_{{ class | lower }} +
            {%- endfor %}
            case when impacts.is_harmless then impacts.motor_vehicles * costs.{{ kind }}_of_vehicle else 0 end
        )::bigint as {{ kind }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_crashes__impacts') }} as impacts
    cross join costs
)

select
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

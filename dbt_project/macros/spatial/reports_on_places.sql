{#- Everything that is said of a set of crashes, `found`: rows of marts.crash_impacts, which has all of it in one narrow row a crash, as
    what follows `from` calls them `impacts`. What a class of injury costs is the sum over its people; the vehicles of crashes in which
    nobody was hurt stand with the uninjured: so the classes add up to the whole. -#}
{% macro report_of_crashes(found) -%}
(
        -- the crashes are gone through once, and counted in three ways at once
        with counted as materialized (
            select
                impacts.crash_month,
                impacts.prim_contributory_cause,
                impacts.person_types,
                impacts.injury_classifications,
                grouping(impacts.crash_month) = 0 as is_month,
                grouping(impacts.prim_contributory_cause) = 0 as is_cause,
                grouping(impacts.person_types) = 0 as are_people,
                count(*) as crashes,
                sum(impacts.people) as people,
                sum(impacts.units) as units,
                sum(impacts.injured) as injured,
                sum(impacts.killed) as killed,
                sum(impacts.children_injured) as children_injured,
                sum(impacts.pedestrians_injured) as pedestrians_injured,
                sum(impacts.cyclists_injured) as cyclists_injured,
                count(*) filter (where impacts.hit_and_run) as hit_and_run,
                sum(impacts.motor_vehicles) filter (where impacts.is_harmless) as harmless_motor_vehicles
            from (
                select
                    {%- for column in [
                        'people', 'units', 'killed', 'children_injured', 'pedestrians_injured', 'cyclists_injured', 'hit_and_run',
                        'is_harmless', 'motor_vehicles', 'prim_contributory_cause', 'person_types', 'injury_classifications',
                    ] %}
                    impacts.{{ column }},
                    {%- endfor %}
                    impacts.killed + impacts.incapacitated + impacts.injured_evidently + impacts.injured_reportedly as injured,
                    date_trunc('month', impacts.crash_at_local) as crash_month
                from {{ found }}
            ) as impacts
            group by grouping sets (
                (impacts.crash_month),
                (impacts.prim_contributory_cause),
                (impacts.person_types, impacts.injury_classifications)
            )
        ),

        costs as (
            select
                costs.counted,
                costs.kabco,
                costs.injury_classification,
                costs.economic_cost,
                costs.quality_of_life_cost,
                array_position(array['K', 'A', 'B', 'C', 'O'], costs.kabco) as place
            from {{ in_schema(ref('injury_costs')) }} as costs
        ),

        by_person as (
            select * from costs where costs.counted = 'person'
        ),

        -- crashes with the same people are many, and taken apart together
        people as materialized (
            select
                people.person_type,
                people.injury_classification,
                sum(alike.crashes) as people
            from counted as alike
            cross join lateral unnest(alike.person_types, alike.injury_classifications)
                as people (person_type, injury_classification)
            where alike.are_people
            group by people.person_type, people.injury_classification
        ),

        by_month as (
            select
                counted.crash_month,
                counted.crashes,
                counted.injured,
                counted.killed
            from counted
            where counted.is_month
        ),

        whole as (
            select
                {%- for column in [
                    'crashes', 'people', 'units', 'injured', 'killed', 'children_injured', 'pedestrians_injured',
                    'cyclists_injured', 'hit_and_run', 'harmless_motor_vehicles',
                ] %}
                coalesce(sum(counted.{{ column }}), 0) as {{ column }},
                {%- endfor %}
                min(counted.crash_month) as first_month,
                max(counted.crash_month) as last_month
            from counted
            where counted.is_month
        ),

        of_people as (
            select
                costs.kabco,
                costs.injury_classification,
                costs.place,
                coalesce(sum(people.people), 0) as people,
                coalesce(sum(people.people), 0) * costs.economic_cost as economic_cost,
                coalesce(sum(people.people), 0) * costs.quality_of_life_cost as quality_of_life_cost
            from by_person as costs
            left join people on costs.injury_classification = people.injury_classification
            group by costs.kabco, costs.injury_classification, costs.place, costs.economic_cost, costs.quality_of_life_cost
        ),

        of_vehicles as (
            select
                whole.harmless_motor_vehicles * costs.economic_cost as economic_cost,
                whole.harmless_motor_vehicles * costs.quality_of_life_cost as quality_of_life_cost
            from whole
            cross join costs
            where costs.counted = 'vehicle'
        ),

        classes as (
            select
                of_people.place,
                of_people.kabco,
                of_people.injury_classification,
                of_people.people,
                of_people.economic_cost
                + case when of_people.kabco = 'O' then of_vehicles.economic_cost else 0 end as economic_cost,
                of_people.quality_of_life_cost
                + case when of_people.kabco = 'O' then of_vehicles.quality_of_life_cost else 0 end as quality_of_life_cost
            from of_people
            cross join of_vehicles
            union all
            select
                6 as place,
                'U' as kabco,
                null as injury_classification,
                coalesce(sum(people.people), 0) as people,
                0 as economic_cost,
                0 as quality_of_life_cost
            from people
            left join by_person as costs on people.injury_classification = costs.injury_classification
            where costs.kabco is null
        ),

        paid as (
            select
                sum(classes.economic_cost) as economic_cost,
                sum(classes.quality_of_life_cost) as quality_of_life_cost
            from classes
        ),

        types as (
            select
                people.person_type,
                sum(people.people) as people,
                coalesce(sum(people.people) filter (where costs.economic_cost > 0), 0) as injured,
                coalesce(sum(people.people) filter (where costs.kabco = 'K'), 0) as killed
            from people
            left join by_person as costs on people.injury_classification = costs.injury_classification
            group by people.person_type
        ),

        causes as (
            select
                counted.prim_contributory_cause,
                counted.crashes,
                counted.injured,
                counted.killed
            from counted
            where counted.is_cause
            order by counted.crashes desc, counted.prim_contributory_cause asc
            limit 10
        ),

        months as (
            select
                months.first_day,
                coalesce(by_month.crashes, 0) as crashes,
                coalesce(by_month.injured, 0) as injured,
                coalesce(by_month.killed, 0) as killed
            from whole
            cross join lateral generate_series(whole.first_month, whole.last_month, interval '1 month') as months (first_day)
            left join by_month on months.first_day = by_month.crash_month
        )

        select
            jsonb_build_object(
                'crashes', whole.crashes,
                'people', whole.people,
                'units', whole.units,
                'injured', whole.injured,
                'killed', whole.killed,
                'children_injured', whole.children_injured,
                'pedestrians_injured', whole.pedestrians_injured,
                'cyclists_injured', whole.cyclists_injured,
                'hit_and_run', whole.hit_and_run,
                'economic_cost', paid.economic_cost,
                'quality_of_life_cost', paid.quality_of_life_cost,
                'total_cost', paid.economic_cost + paid.quality_of_life_cost,
                'people_by_type', (
                    select coalesce(jsonb_agg(to_jsonb(types) order by types.people desc, types.person_type), '[]')
                    from types
                ),
                'kabco', (
                    select
                        jsonb_agg(
                            to_jsonb(classes) - 'place'
                            || jsonb_build_object('total_cost', classes.economic_cost + classes.quality_of_life_cost)
                            order by classes.place
                        )
                    from classes
                ),
                'causes', (
                    select
                        coalesce(
                            jsonb_agg(to_jsonb(causes) order by causes.crashes desc, causes.prim_contributory_cause), '[]'
                        )
                    from causes
                ),
                'months', (
                    select
                        coalesce(
                            jsonb_agg(
                                to_jsonb(months) - 'first_day'
                                || jsonb_build_object('month', to_char(months.first_day, 'YYYY-MM'))
                                order by months.first_day
                            ),
                            '[]'
                        )
                    from months
                )
            )
        from whole
        cross join paid
    )
{%- endmacro %}


{% macro _impacts() -%}
{{ in_schema(ref('crash_impacts')) }}
{%- endmacro %}


{% macro report_of_function() -%}
    {%- call spatial_function(
        'report_of',
        [('crash_record_ids', 'text[]', none)],
        'jsonb',
        'Counts, people, injuries, costs in dollars of 2024, causes and months of these crashes, as one JSON object. `injured` '
        ~ 'counts everybody hurt in any degree (K, A, B and C), `killed` those of them who died; a class U holds injuries that '
        ~ 'are unknown. months: from the first month with a crash to the last, none left out.'
    ) -%}
begin
    return {{ report_of_crashes(_impacts() ~ ' as impacts where impacts.crash_record_id = any(crash_record_ids)') }};
end
    {%- endcall -%}
{%- endmacro %}


{% macro report_near_function() -%}
    {%- call spatial_function(
        'report_near',
        [
            ('lat', 'double precision', none), ('lon', 'double precision', none), ('radius_feet', 'double precision', none),
            ('since', 'date', 'null'), ('until', 'date', 'null'),
        ],
        'jsonb',
        'What report_of says of the crashes of crashes_near, and what was asked.'
    ) -%}
declare
    {{ circle_asked_about() }}
begin
    return
        jsonb_build_object('lat', lat, 'lon', lon, 'radius_feet', radius_feet, 'from', since, 'to', until)
        || {{ report_of_crashes(_impacts() ~ ' as impacts where ' ~ in_circle('impacts')) }};
end
    {%- endcall -%}
{%- endmacro %}


{% macro report_within_function() -%}
    {%- call spatial_function(
        'report_within',
        [('area', postgis_schema() ~ '.geometry', none), ('since', 'date', 'null'), ('until', 'date', 'null')],
        'jsonb',
        'What report_of says of the crashes of crashes_within, the size of the area in square miles, and the days asked about.'
    ) -%}
declare
    {{ area_asked_about() }}
begin
    return
        jsonb_build_object(
            'square_miles', round((st_area(place::geography) / 2589988.110336)::numeric, 4),
            'from', since,
            'to', until
        )
        || {{ report_of_crashes(in_area(_impacts(), 'impacts')) }};
end
    {%- endcall -%}
{%- endmacro %}

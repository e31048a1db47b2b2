{#- Everything that is said of a set of crashes. The crashes' costs are those of crash_impacts; what a class of injury costs is
    the sum over its people, and what is left, the vehicles of crashes in which nobody was hurt, stands with the uninjured: so the
    classes add up to the whole. -#}
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
    return (
        with found as materialized (
            select
                crashes.crash_record_id,
                crashes.crash_at_local,
                crashes.prim_contributory_cause,
                crashes.hit_and_run_i,
                crashes.injuries_total
            from {{ in_schema(ref('crashes')) }} as crashes
            where crashes.crash_record_id = any(crash_record_ids) and crashes.deleted_at is null
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

        -- crash by crash, by their indexes: joined freely, thousands of crashes have been met with all people of each other
        impacts as materialized (
            select
                impacts.*,
                impacts.killed + impacts.incapacitated + impacts.injured_evidently + impacts.injured_reportedly as injured,
                date_trunc('month', impacts.crash_at_local) as crash_month
            from (
                select
                    crashes.prim_contributory_cause,
                    involved.person_types,
                    involved.injury_classifications,
                    {{ impact_of_crash() }}
                from found as crashes
                cross join lateral (
                    select
                        {{ impact_on_people() }},
                        array_agg(people.person_type) as person_types,
                        array_agg(people.injury_classification) as injury_classifications
                    from {{ in_schema(ref('people')) }} as people
                    left join by_person as costs on people.injury_classification = costs.injury_classification
                    where people.crash_record_id = crashes.crash_record_id and people.deleted_at is null
                ) as involved
                cross join lateral (
                    select
                        {{ impact_on_units() }}
                    from {{ in_schema(ref('vehicles')) }} as vehicles
                    where vehicles.crash_record_id = crashes.crash_record_id and vehicles.deleted_at is null
                ) as units
                cross join lateral (
                    select
                        {{ harmless_motor_vehicles() }}
                ) as harmless
                inner join costs as by_vehicle on by_vehicle.counted = 'vehicle'
            ) as impacts
        ),

        people as materialized (
            select
                people.person_type,
                people.injury_classification,
                count(*) as people
            from impacts
            cross join lateral unnest(impacts.person_types, impacts.injury_classifications)
                as people (person_type, injury_classification)
            group by people.person_type, people.injury_classification
        ),

        whole as (
            select
                count(*) as crashes,
                coalesce(sum(impacts.people), 0) as people,
                coalesce(sum(impacts.units), 0) as units,
                coalesce(sum(impacts.injured), 0) as injured,
                coalesce(sum(impacts.killed), 0) as killed,
                coalesce(sum(impacts.children_injured), 0) as children_injured,
                coalesce(sum(impacts.pedestrians_injured), 0) as pedestrians_injured,
                coalesce(sum(impacts.cyclists_injured), 0) as cyclists_injured,
                count(*) filter (where impacts.hit_and_run) as hit_and_run,
                coalesce(sum(impacts.economic_cost), 0) as economic_cost,
                coalesce(sum(impacts.quality_of_life_cost), 0) as quality_of_life_cost,
                min(impacts.crash_month) as first_month,
                max(impacts.crash_month) as last_month
            from impacts
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
                max(whole.economic_cost) - sum(of_people.economic_cost) as economic_cost,
                max(whole.quality_of_life_cost) - sum(of_people.quality_of_life_cost) as quality_of_life_cost
            from of_people
            cross join whole
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
                impacts.prim_contributory_cause,
                count(*) as crashes,
                sum(impacts.injured) as injured,
                sum(impacts.killed) as killed
            from impacts
            group by impacts.prim_contributory_cause
            order by count(*) desc, impacts.prim_contributory_cause asc
            limit 10
        ),

        months as (
            select
                months.first_day,
                count(impacts.crash_record_id) as crashes,
                coalesce(sum(impacts.injured), 0) as injured,
                coalesce(sum(impacts.killed), 0) as killed
            from whole
            cross join lateral generate_series(whole.first_month, whole.last_month, interval '1 month') as months (first_day)
            left join impacts on months.first_day = impacts.crash_month
            group by months.first_day
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
                'economic_cost', whole.economic_cost,
                'quality_of_life_cost', whole.quality_of_life_cost,
                'total_cost', whole.economic_cost + whole.quality_of_life_cost,
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
    );
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
begin
    return
        jsonb_build_object('lat', lat, 'lon', lon, 'radius_feet', radius_feet, 'from', since, 'to', until)
        || spatial.report_of(
            array(select near.crash_record_id from spatial.crashes_near(lat, lon, radius_feet, since, until) as near)
        );
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
begin
    return
        jsonb_build_object(
            'square_miles', round((st_area(spatial.checked_area(area)::geography) / 2589988.110336)::numeric, 4),
            'from', since,
            'to', until
        )
        || spatial.report_of(
            array(select inside.crash_record_id from spatial.crashes_within(area, since, until) as inside)
        );
end
    {%- endcall -%}
{%- endmacro %}

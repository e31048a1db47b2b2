{#- The places that every crash carries, and the layer of each: the City's own boundaries. -#}
{% macro carried_places() -%}
    {{ return({
        'ward': 'wards',
        'community_area': 'community_areas',
        'police_beat': 'police_beats',
        'police_district': 'police_districts',
        'census_tract': 'census_tracts',
    }) }}
{%- endmacro %}


{% macro city_layers() -%}
'{{ carried_places().values() | join("', '") }}'
{%- endmacro %}


{#- Before the crashes are built, in their transaction: where spatial.crash_features has placed them by other boundaries of the City
    than those that they carry, every crash gets the places that it is in now. That is no news of the portal, and so moves no
    `updated_at` and no count. -#}
{% macro carry_new_places() -%}
    {%- if execute %}
    {%- set book = source('ops', 'placed_layers') %}
    {%- if is_incremental() %}
        {%- set columns = carried_places().keys() | list %}
        update {{ this }} as shown
        set
            {%- for column in columns %}
            {{ column }} = placed.{{ column }},
            {%- endfor %}
            violations = {{ with_beat_judged('shown.violations', 'shown.beat_of_occurrence', 'placed.police_beat') }}
        from (
            select
                known.crash_record_id as key,
                places.*
            from {{ this }} as known
            left join {{ ref('int_crashes__places') }} as places on known.crash_record_id = places.crash_record_id
            where
                (
                    select array_agg((placed.layer_id, placed.placed_at) order by placed.layer_id)
                    from {{ book }} as placed
                    where placed.model = 'crash_features' and placed.layer_id in ({{ city_layers() }})
                )
                is distinct from (
                    select array_agg((carried.layer_id, carried.placed_at) order by carried.layer_id)
                    from {{ book }} as carried
                    where carried.model = 'crashes'
                )
                and row(known.{{ columns | join(', known.') }})
                is distinct from row(places.{{ columns | join(', places.') }})
        ) as placed
        where shown.crash_record_id = placed.key;
    {%- endif %}
    delete from {{ book }} where model = 'crashes';
    insert into {{ book }} (model, layer_id, version_id, is_city_wide, is_new, placed_at)
    select
        'crashes',
        layer_id,
        version_id,
        is_city_wide,
        false,
        placed_at
    from {{ book }}
    where model = 'crash_features' and layer_id in ({{ city_layers() }})
    {%- endif %}
{%- endmacro %}

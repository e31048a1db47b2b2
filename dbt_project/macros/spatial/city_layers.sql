{#- The City's own boundaries, by the ids of their layers: those of which every crash carries its place. -#}
{% macro city_layers() -%}
'wards', 'community_areas', 'police_beats', 'police_districts', 'census_tracts'
{%- endmacro %}


{#- Before an increment of the crashes, in its transaction: where a load not yet applied spoke of the City's boundaries, every crash
    gets the places that it is in by them now. That is no news of the portal, and so moves no `updated_at` and no count. -#}
{% macro carry_new_places() -%}
    {%- if execute and is_incremental() -%}
        {%- set columns = ['ward', 'community_area', 'police_beat', 'police_district', 'census_tract'] -%}
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
                exists ({{ layers_spoken_of() }} where said.layer_id in ({{ city_layers() }}))
                and row({% for column in columns %}known.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
                is distinct from row({% for column in columns %}places.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
        ) as placed
        where shown.crash_record_id = placed.key
    {%- endif -%}
{%- endmacro %}

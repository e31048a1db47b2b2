{#- The KABCO class of an injury as the people table words it: K, A, B, C, O, and U for a blank or anything else. -#}
{% macro kabco(injury_classification) -%}
case {{ injury_classification }}
                when 'FATAL' then 'K'
                when 'INCAPACITATING INJURY' then 'A'
                when 'NONINCAPACITATING INJURY' then 'B'
                when 'REPORTED, NOT EVIDENT' then 'C'
                when 'NO INDICATION OF INJURY' then 'O'
                else 'U'
            end
{%- endmacro %}


{#- The columns of int_crashes__impacts that count people, by the class that they count. -#}
{% macro counts_by_kabco() -%}
    {{ return({
        'K': 'killed',
        'A': 'incapacitated',
        'B': 'injured_evidently',
        'C': 'injured_reportedly',
        'O': 'uninjured',
    }) }}
{%- endmacro %}


{#- What a person of each class, and a vehicle of a crash in which nobody was hurt, cost: one row. -#}
{% macro costs_by_class(kind) -%}
    {%- for class in counts_by_kabco() -%}
        coalesce(max({{ kind }}) filter (where counted = 'person' and kabco = '{{ class }}'), 0) as {{ kind }}_of_{{ class | lower }},
        {% endfor -%}
    coalesce(max({{ kind }}) filter (where counted = 'vehicle'), 0) as {{ kind }}_of_vehicle
{%- endmacro %}


{#- From `impacts` and that row. -#}
{% macro cost_of_crash(kind) -%}
(
            {%- for class, column in counts_by_kabco().items() %}
            impacts.{{ column }} * costs.{{ kind }}_of_{{ class | lower }} +
            {%- endfor %}
            case when impacts.is_harmless then impacts.motor_vehicles * costs.{{ kind }}_of_vehicle else 0 end
        )::bigint
{%- endmacro %}

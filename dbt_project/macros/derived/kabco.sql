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


{#- From `impacts`. The prices are read apart, once a query, and only by one that asks for costs. -#}
{% macro cost_of_crash(kind) -%}
(
        {%- for class, column in counts_by_kabco().items() %}
        impacts.{{ column }} * {{ _price(kind, "counted = 'person' and kabco = '" ~ class ~ "'") }} +
        {%- endfor %}
        case when impacts.is_harmless then impacts.motor_vehicles * {{ _price(kind, "counted = 'vehicle'") }} else 0 end
    )::bigint
{%- endmacro %}


{#- What a person of a class, or a vehicle of a crash in which nobody was hurt, costs: 0 where the seed does not say. -#}
{% macro _price(kind, counted) -%}
coalesce((select max({{ kind }}) from {{ ref('injury_costs') }} where {{ counted }}), 0)
{%- endmacro %}

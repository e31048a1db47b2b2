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

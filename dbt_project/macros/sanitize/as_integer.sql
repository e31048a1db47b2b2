{#- A whole number that fits the type: '3', '3.0', ' 3 '. Anything else is null: '3.7', 'three', 'NaN', '99999999999'.
    No subquery: a key is indexed by this expression. -#}
{% macro as_integer(value) -%}
{{ _whole_number(value, 'integer', 9, '-2147483648', '2147483647') }}
{%- endmacro %}


{% macro as_bigint(value) -%}
{{ _whole_number(value, 'bigint', 18, '-9223372036854775808', '9223372036854775807') }}
{%- endmacro %}


{#- What counts mostly are (0, 1, 2) is not even cast; hours, ages, speeds are looked up among the numbers to 99; plain digits of a
    length that fits need no regular expression. -#}
{% macro _whole_number(value, type, safe_digits, smallest, largest) -%}
{%- if var('linting') -%}
as_{{ type }}({{ value }})
{%- else -%}
{%- set digits = "substring(" ~ value ~ " from '[+-]?[0-9]+')" -%}
case
    when {{ value }} is null then null
    when {{ value }} = '0' then 0
    when {{ value }} = '1' then 1
    when {{ value }} = '2' then 2
    when {{ value }} = any('{
        {%- for number in range(3, 100) -%}
        {{ number }}{{ ',' if not loop.last }}
        {%- endfor -%}
        }') then {{ value }}::{{ type }}
    when octet_length({{ value }}) between 3 and {{ safe_digits }} and ltrim({{ value }}, '0123456789') = ''
        then {{ value }}::{{ type }}
    when
        length({{ value }}) <= 40
        and {{ value }} ~ '^{{ white_space() }}*[+-]?[0-9]+(\.0*)?{{ white_space() }}*$'
        then case when {{ digits }}::numeric between {{ smallest }} and {{ largest }} then {{ digits }}::{{ type }} end
end
{%- endif -%}
{%- endmacro %}


{#- A whole number between two limits; null outside of them. What is surely within is looked up: all of it, or the numbers up to `surely`
    where the highest differs from row to row. -#}
{% macro as_integer_within(value, lowest, highest, surely=none) -%}
{%- if var('linting') -%}
as_integer_within({{ value }})
{%- else -%}
case
    when {{ value }} is null then null
    when {{ value }} = any('{
        {%- for number in range(lowest, (highest if surely is none else surely) + 1) -%}
        {{ number }}{{ ',' if not loop.last }}
        {%- endfor -%}
        }') then {{ value }}::integer
    when ({{ as_integer(value) }}) between {{ lowest }} and {{ highest }} then {{ as_integer(value) }}
end
{%- endif -%}
{%- endmacro %}

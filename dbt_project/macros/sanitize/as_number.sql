{#- A decimal number, exactly as written: '0.13', ' 5 ', '1e3'. Null: 'NaN', 'Infinity', '1,000', 'five'. -#}
{% macro as_number(value) -%}
{%- if var('linting') -%}
as_number({{ value }})
{%- else -%}
case
    when
        length({{ value }}) <= 60
        and {{ value }} ~ '^{{ white_space() }}*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?{{ white_space() }}*$'
        then substring({{ value }} from '[-+.0-9eE]+')::numeric
end
{%- endif -%}
{%- endmacro %}


{#- The same as a double; with at most 60 characters and two digits of exponent it cannot overflow one. -#}
{% macro as_float(value) -%}
({{ as_number(value) }})::double precision
{%- endmacro %}


{#- A number of degrees between two limits; null outside of them. What begins with the degrees in between and goes on with digits
    alone, as nearly all, is told without a regular expression. -#}
{% macro as_degrees(value, lowest, highest) -%}
{%- if var('linting') -%}
as_degrees({{ value }})
{%- else -%}
case
    when
        octet_length({{ value }}) <= 20
        and rtrim({{ value }}, '0123456789') in (
            {%- for degrees in range(lowest | int, (highest | int) + 1) -%}
            '{{ degrees }}.'{{ ', ' if not loop.last }}
            {%- endfor -%}
        )
        then case
            when {{ value }}::double precision between {{ lowest }} and {{ highest }} then {{ value }}::double precision
        end
    when ({{ as_number(value) }}) between {{ lowest }} and {{ highest }}
        then ({{ as_number(value) }})::double precision
end
{%- endif -%}
{%- endmacro %}

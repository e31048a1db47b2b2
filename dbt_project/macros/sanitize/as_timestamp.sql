{#- A date and time without a zone, as the portal publishes its wall-clock times: 2024-01-01T00:00:00.000. Also taken:
    YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS], MM/DD/YYYY, MM/DD/YYYY HH:MM:SS AM. An impossible date is null, never an error; so
    is an instant (…Z), which is another kind of thing. Nearly all are whole minutes. -#}
{% macro as_timestamp(value) -%}
{%- if var('linting') -%}
as_timestamp({{ value }})
{%- else -%}
case
    when {{ value }} is null then null
    when {{ value }} like '20__-__-__T__:__:00.000' and {{ _is_usual_day_and_minute(value) }} then {{ value }}::timestamp
    when {{ value }} like '20__-__-__T__:__:__.000' and {{ _is_usual_time(value) }} then {{ value }}::timestamp
    else {{ _timestamp_from_parts(value) }}
end
{%- endif -%}
{%- endmacro %}


{#- An instant: the portal's system times, 2024-01-01T06:00:00.000Z. Without the Z it is none, and null. -#}
{% macro as_instant(value) -%}
{%- if var('linting') -%}
as_instant({{ value }})
{%- else -%}
case
    when {{ value }} is null then null
    when
        {{ value }} like '20__-__-__T__:__:__.___Z'
        and {{ _is_usual_time(value) }}
        and translate(substr({{ value }}, 21, 3), '0123456789', '') = ''
        then {{ value }}::timestamptz
    when {{ value }} ~ 'Z{{ white_space() }}*$'
        then ({{ _timestamp_from_parts("substring(" ~ value ~ " from '^(.*)Z')") }}) at time zone 'UTC'
end
{%- endif -%}
{%- endmacro %}


{#- Of what has its separators where the portal puts them, in this century: is each part a number, and does the day exist? Each part is
    looked up among all that it can be, in half the time that a regular expression takes. -#}
{% macro _is_usual_time(value) -%}
{{ _is_usual_day_and_minute(value) }}
        and substr({{ value }}, 18, 2) = any({{ _two_digits(0, 59) }})
{%- endmacro %}


{% macro _is_usual_day_and_minute(value) -%}
substr({{ value }}, 3, 2) = any({{ _two_digits(0, 99) }})
        and (
            substr({{ value }}, 6, 5) = any({{ _days_of_any_year() }})
            or substr({{ value }}, 6, 5) = '02-29' and substr({{ value }}, 3, 2) = any({{ _two_digits(0, 96, step=4) }})
        )
        and substr({{ value }}, 12, 2) = any({{ _two_digits(0, 23) }})
        and substr({{ value }}, 15, 2) = any({{ _two_digits(0, 59) }})
{%- endmacro %}


{#- An array of texts: {00,01,…}. -#}
{% macro _two_digits(lowest, highest, step=1) -%}
'{
    {%- for number in range(lowest, highest + 1, step) -%}
    {{ '%02d' % number }}{{ ',' if not loop.last }}
    {%- endfor -%}
}'
{%- endmacro %}


{#- {01-01,01-02,…}: those of a year that is no leap year. -#}
{% macro _days_of_any_year() -%}
    {%- set days = [] -%}
    {%- for month in range(1, 13) -%}
        {%- for day in range(1, 29 if month == 2 else 31 if month in [4, 6, 9, 11] else 32) -%}
            {%- do days.append('%02d-%02d' % (month, day)) -%}
        {%- endfor -%}
    {%- endfor -%}
'{ {{- days | join(',') -}} }'
{%- endmacro %}


{#- Whatever else is taken for a date and a time. Long, and rarely asked; without a subquery, which only one process could answer. -#}
{% macro _timestamp_from_parts(value) -%}
{%- set space = white_space() ~ '*' -%}
{%- set month, day, hour = '(0?[1-9]|1[0-2])', '(0?[1-9]|[12][0-9]|3[01])', '([01]?[0-9]|2[0-3])' -%}
{%- set year, minute, second = '((?!0000)[0-9]{4})', '([0-5][0-9])', '([0-5][0-9](?:\\.[0-9]{1,9})?)' -%}
{%- set iso = "'^" ~ space ~ year ~ "-" ~ month ~ "-" ~ day ~ "(?:[T ]" ~ hour ~ ":" ~ minute ~ "(?::" ~ second ~ ")?)?" ~ space ~ "$'" -%}
{%- set us = "'^" ~ space ~ month ~ "/" ~ day ~ "/" ~ year ~ "(?: (0?[1-9]|1[0-2]):" ~ minute ~ ":" ~ minute ~ " ([AP])M)?" ~ space ~ "$', 'i'" -%}
case
        when {{ value }} ~ {{ iso }}
            then {{ _made_timestamp(value, iso, year=1, month=2, day=3, hour="coalesce(" ~ _part_of_time(value, iso, 4) ~ "::integer, 0)", minute=5, second=6) }}
        when regexp_match({{ value }}, {{ us }}) is not null
            then {{ _made_timestamp(value, us, year=3, month=1, day=2, hour="coalesce(" ~ _part_of_time(value, us, 4) ~ "::integer % 12, 0)"
                ~ " + case upper(" ~ _part_of_time(value, us, 7) ~ ") when 'P' then 12 else 0 end", minute=5, second=6) }}
    end
{%- endmacro %}


{#- `hour` is an expression, the others say which part of the form they are. -#}
{% macro _made_timestamp(value, form, year, month, day, hour, minute, second) -%}
{%- set year, month, day = _part_of_time(value, form, year) ~ "::integer", _part_of_time(value, form, month) ~ "::integer", _part_of_time(value, form, day) ~ "::integer" -%}
case
                when {{ day }} <= date_part('day', make_date({{ year }}, {{ month }}, 1) + interval '1 month -1 day')
                    then make_timestamp(
                        {{ year }}, {{ month }}, {{ day }}, {{ hour }},
                        coalesce({{ _part_of_time(value, form, minute) }}, '0')::integer,
                        coalesce(left({{ _part_of_time(value, form, second) }}, 9), '0')::double precision
                    )
            end
{%- endmacro %}


{% macro _part_of_time(value, form, number) -%}
(regexp_match({{ value }}, {{ form }}))[{{ number }}]
{%- endmacro %}

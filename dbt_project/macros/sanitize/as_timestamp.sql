{#- A date and time without a zone, as the portal publishes its wall-clock times: 2024-01-01T00:00:00.000. Also taken:
    YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS], MM/DD/YYYY, MM/DD/YYYY HH:MM:SS AM. An impossible date is null, never an error; so
    is an instant (…Z), which is another kind of thing. -#}
{% macro as_timestamp(value) -%}
{%- if var('linting') -%}
as_timestamp({{ value }})
{%- else -%}
case
    when {{ value }} ~ '^{{ _portal_form() }}$'
        then case when {{ _day_exists(value) }} then {{ value }}::timestamp end
    when {{ value }} is not null then {{ _timestamp_from_parts(value) }}
end
{%- endif -%}
{%- endmacro %}


{#- An instant: the portal's system times, 2024-01-01T06:00:00.000Z. Without the Z it is none, and null. -#}
{% macro as_instant(value) -%}
{%- if var('linting') -%}
as_instant({{ value }})
{%- else -%}
case
    when {{ value }} ~ '^{{ _portal_form() }}Z$'
        then case when {{ _day_exists(value) }} then {{ value }}::timestamptz end
    when {{ value }} ~ 'Z{{ white_space() }}*$'
        then {{ _timestamp_from_parts("substring(" ~ value ~ " from '^(.*)Z')") }} at time zone 'UTC'
end
{%- endif -%}
{%- endmacro %}


{#- Nearly every date there is has this form. The expression is kept simple, since alternatives are what it costs: which day
    of which month exists is told apart. -#}
{% macro _portal_form() -%}
[12][0-9][0-9][0-9]-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9][0-9][0-9]
{%- endmacro %}


{% macro _day_exists(value) -%}
substr({{ value }}, 9, 2) < '29'
            or substr({{ value }}, 6, 2) in ('01', '03', '05', '07', '08', '10', '12')
            or substr({{ value }}, 6, 2) <> '02' and substr({{ value }}, 9, 2) < '31'
            or substr({{ value }}, 6, 5) = '02-29' and {{ _is_leap("substr(" ~ value ~ ", 1, 4)::integer") }}
{%- endmacro %}


{% macro _is_leap(year) -%}
({{ year }} % 4 = 0 and ({{ year }} % 100 <> 0 or {{ year }} % 400 = 0))
{%- endmacro %}


{% macro _timestamp_from_parts(value) -%}
(
    select
        case
            when
                parts.year between 1 and 9999
                and parts.month between 1 and 12
                and parts.day between 1 and case
                    when parts.month in (4, 6, 9, 11) then 30
                    when parts.month <> 2 then 31
                    when {{ _is_leap('parts.year') }} then 29
                    else 28
                end
                and parts.hour between 0 and 23
                and parts.minute between 0 and 59
                and parts.second < 60
                then make_timestamp(parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second)
        end
    from (
        select
            coalesce(form.iso[1], form.us[3])::integer as year,
            coalesce(form.iso[2], form.us[1])::integer as month,
            coalesce(form.iso[3], form.us[2])::integer as day,
            case
                when form.us[4]::integer not between 1 and 12 then null
                when form.us[4] is not null
                    then form.us[4]::integer % 12 + case upper(form.us[7]) when 'PM' then 12 else 0 end
                else coalesce(form.iso[4]::integer, 0)
            end as hour,
            coalesce(form.iso[5], form.us[5], '0')::integer as minute,
            coalesce(form.iso[6], form.us[6], '0')::double precision as second
        from (
            select
                regexp_match(
                    {{ value }},
                    '^{{ white_space() }}*([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}(?:\.[0-9]{1,9})?))?)?{{ white_space() }}*$'
                ) as iso,
                regexp_match(
                    {{ value }},
                    '^{{ white_space() }}*([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: ([0-9]{1,2}):([0-9]{2}):([0-9]{2}) ([AP]M))?{{ white_space() }}*$',
                    'i'
                ) as us
        ) as form
    ) as parts
)
{%- endmacro %}

{#- A date and time without a zone, as the portal publishes its wall-clock times: 2024-01-01T00:00:00.000. Also taken:
    YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS], MM/DD/YYYY, MM/DD/YYYY HH:MM:SS AM. An impossible date is null, never an error; so
    is an instant (…Z), which is another kind of thing.
    The portal's own form, told with the days that every month has, is cast at once; the rest is taken to pieces. -#}
{% macro as_timestamp(value) -%}
{%- if var('linting') -%}
as_timestamp({{ value }})
{%- else -%}
case
    when {{ value }} ~ '^{{ _portal_time() }}$' then {{ value }}::timestamp
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
    when {{ value }} ~ '^{{ _portal_time() }}Z$' then {{ value }}::timestamptz
    when {{ value }} ~ 'Z{{ white_space() }}*$'
        then {{ _timestamp_from_parts("split_part(" ~ value ~ ", 'Z', 1)") }} at time zone 'UTC'
end
{%- endif -%}
{%- endmacro %}


{#- Kept simple, for it runs for every date there is: other days and forms are right too, only not as quick. -#}
{% macro _portal_time() -%}
[12][0-9][0-9][0-9]-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9][0-9][0-9]
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
                    when parts.year % 4 = 0 and (parts.year % 100 <> 0 or parts.year % 400 = 0) then 29
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
                    '^{{ white_space() }}*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,9})?))?)?{{ white_space() }}*$'
                ) as iso,
                regexp_match(
                    {{ value }},
                    '^{{ white_space() }}*(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2}):(\d{2}) ([AP]M))?{{ white_space() }}*$',
                    'i'
                ) as us
        ) as form
    ) as parts
)
{%- endmacro %}

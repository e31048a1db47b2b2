{#- When the landing of a row began, by the city's clock: a dlt load id is that moment, in seconds since 1970. -#}
{% macro landed_at_local(relation) -%}
to_timestamp(
                case
                    when {{ relation }}._dlt_load_id like '__________%' and ltrim(left({{ relation }}._dlt_load_id, 10), '0123456789') = ''
                        then left({{ relation }}._dlt_load_id, 10)::double precision
                end
            ) at time zone '{{ var("local_zone") }}'
{%- endmacro %}


{#- This software landed nothing before: what is older was not in the future of any landing, so there is no need to reckon. -#}
{% macro year_of_first_landing() -%}
{{ return(2025) }}
{%- endmacro %}

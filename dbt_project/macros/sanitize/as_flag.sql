{#- Y, N or null, from a column of the portal whose name ends in _i. -#}
{% macro as_flag(value) -%}
{%- if var('linting') -%}
as_flag({{ value }})
{%- else -%}
case
    when {{ value }} is null then null
    when {{ value }} in ('Y', 'N') then {{ value }}::text
    when {{ value }} ~* '^{{ white_space() }}*[yn]{{ white_space() }}*$' then upper(substring({{ value }} from '[YNyn]'))
end
{%- endif -%}
{%- endmacro %}

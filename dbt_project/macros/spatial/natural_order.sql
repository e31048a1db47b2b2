{#- Text in which numbers count as numbers: `Ward 9` before `Ward 10`. Each run of digits is padded to twelve. -#}
{% macro natural_order(text) -%}
(
    select string_agg(
        case when part[1] ~ '^\d+$' then lpad(part[1], 12, '0') else lower(part[1]) end, '' order by place
    )
    from regexp_matches({{ text }}, '\d+|\D+', 'g') with ordinality as parts (part, place)
)
{%- endmacro %}

{#- For shares: how many rows of each final table a data test looks at (see newly_shown_since). -#}
{% macro rows_looked_at() -%}
    {%- for table in ['crashes', 'people', 'vehicles', 'vision_zero_fatalities'] %}
    select
        '{{ table }}' as table_name,
        count(*) as rows_looked_at
    from {{ ref(table) }}
    where updated_at >= {{ newly_shown_since(table) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

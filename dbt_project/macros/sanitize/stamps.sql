{#- When the portal made a row, when it changed it, and when we landed it. Thousands of rows have the same stamps, so PostgreSQL may
    remember what became of them (a Memoize node); each is named once, for what it remembers them by is every mention. -#}
{% macro stamps(relation) -%}
select
        {{ as_instant('given.soda_created_at') }} as source_created_at,
        {{ as_instant('given.soda_updated_at') }} as source_updated_at,
        {{ landed_at_local('given') }} as landed_at_local
    from (
        select
            {{ relation }}.soda_created_at,
            {{ relation }}.soda_updated_at,
            {{ relation }}._dlt_load_id
        limit 1
    ) as given
{%- endmacro %}

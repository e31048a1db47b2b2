{#- The first step of a staging view: raw's rows, and of each what is reckoned from it as a whole. -#}
{% macro landed_versions(table, texts, others) -%}
with landed as (
            select * from {{ source('raw', table) }}
        )

        select
            landed.*,
            {{ row_hash('landed', texts + others) }} as row_hash,
            {{ is_tidy('landed', texts) }} as is_tidy,
            {{ as_instant('landed.soda_updated_at') }} as source_updated_at,
            {{ landed_at_local('landed') }} as landed_at_local
        from landed
{%- endmacro %}


{#- What the second step carries on beside the clean values: what the portal said, for the rules (published_<column>), and what tells the
    version from others. `is_compacted`: of a table that `crashes compact` leaves the first one's stamps in. -#}
{% macro told_of_version(relation, columns, is_compacted=true) -%}
    {%- for column in columns -%}
    {{ relation }}.{{ column }} as published_{{ column }},
        {% endfor -%}
    {%- for column in ['soda_id', 'soda_version', '_dlt_load_id'] -%}
    {{ relation }}.{{ column }}::text as {{ column }},
        {% endfor -%}
    {%- if is_compacted -%}
    {%- for column in ['first_soda_id', 'first_soda_version', 'first_dlt_load_id'] -%}
    {{ relation }}.{{ column }}::text as {{ column }},
        {% endfor -%}
    {%- for stamp in ['created_at', 'updated_at'] -%}
    {{ as_instant(relation ~ '.first_soda_' ~ stamp) }} as first_source_{{ stamp }},
        {% endfor -%}
    {%- endif -%}
    {{ relation }}.row_hash,
        {{ relation }}.landed_at_local,
        {{ relation }}.source_updated_at,
        case
            when {{ relation }}.soda_created_at = {{ relation }}.soda_updated_at then {{ relation }}.source_updated_at
            else {{ as_instant(relation ~ '.soda_created_at') }}
        end as source_created_at
{%- endmacro %}

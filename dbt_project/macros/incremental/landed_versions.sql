{#- The first step of a staging view: raw's rows, and of each what is reckoned from it as a whole. The portal stamps many rows at once;
    what is joined for each row by that stamp alone is reckoned once a stamp (PostgreSQL's Memoize). By way of a function, for of a
    subquery that asks what is around it only one process could take part; of a left join, or it would be reckoned above the join. -#}
{% macro landed_versions(table, texts, others) -%}
with landed as (
            select
                {{ raw_ctid('rows_of_raw') }} as raw_ctid,
                rows_of_raw.*
            from {{ source('raw', table) }} as rows_of_raw
        )

        select
            landed.*,
            {{ row_hash('landed', texts + others) }} as row_hash,
            {{ is_tidy('landed', texts) }} as is_tidy,
            stamped.source_updated_at
        from landed
        left join lateral (
            select {{ as_instant('stamp.soda_updated_at') }} as source_updated_at
            from unnest(array[landed.soda_updated_at]) as stamp (soda_updated_at)
        ) as stamped on true
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
    {{ relation }}.raw_ctid,
        {% for stamp in ['created_at', 'updated_at'] -%}
    {{ as_instant(relation ~ '.first_soda_' ~ stamp) }} as first_source_{{ stamp }},
        {% endfor -%}
    {%- endif -%}
    {{ relation }}.row_hash,
        {{ relation }}.source_updated_at,
        case
            when {{ relation }}.soda_created_at = {{ relation }}.soda_updated_at then {{ relation }}.source_updated_at
            else {{ as_instant(relation ~ '.soda_created_at') }}
        end as source_created_at
{%- endmacro %}


{#- Where a version stands in raw. The given rows of a unit test stand nowhere. -#}
{% macro raw_ctid(relation) -%}
{{ relation ~ '.ctid' if model.resource_type == 'model' else 'null::tid' }}
{%- endmacro %}

{#- What a build does to a final table, on record in ops.model_changes in the same transaction. Of an increment, before it
    is merged: `changed` holds the rows that differ. Of a full build, after it: compared with the table that it replaces.
    `held_back` counts portal rows in the loads that are read here and may not be shown. -#}
{% macro record_changes(changed) -%}
    {%- set key = config.get('unique_key') -%}
    {%- set staged = ref('stg_chicago__' ~ this.identifier) -%}
    insert into {{ source('ops', 'model_changes') }} (invocation_id, model, inserted, updated, unchanged, held_back)
    select
        '{{ invocation_id }}',
        '{{ this.identifier }}',
        (
            select count(*) from {{ changed }} as changed
            where not exists (select from {{ this }} as shown where shown.{{ key }} = changed.{{ key }})
        ),
        (
            select count(*) from {{ changed }} as changed
            where exists (select from {{ this }} as shown where shown.{{ key }} = changed.{{ key }})
        ),
        {{ _unchanged(staged, changed, key) }},
        {{ _held_back(staged, key, "not loads.applied") }}
    on conflict (invocation_id, model) do nothing
{%- endmacro %}


{% macro record_full_build() -%}
    {%- set key = config.get('unique_key') -%}
    {%- set staged = ref('stg_chicago__' ~ this.identifier) -%}
    {%- set replaced = existing_backup() -%}
    insert into {{ source('ops', 'model_changes') }} (invocation_id, model, inserted, updated, unchanged, held_back)
    select
        '{{ invocation_id }}',
        '{{ this.identifier }}',
        {%- if replaced %}
        count(*) filter (where replaced.{{ key }} is null),
        count(*) filter (where replaced.row_hash <> built.row_hash or replaced.updated_at <> built.updated_at),
        count(*) filter (where replaced.row_hash = built.row_hash and replaced.updated_at = built.updated_at),
        {%- else %}
        count(*),
        0,
        0,
        {%- endif %}
        {{ _held_back(staged, key, "true") }}
    from {{ this }} as built
    {%- if replaced %}
    left join {{ replaced }} as replaced on built.{{ key }} = replaced.{{ key }}
    {%- endif %}
    having not exists (
        select from {{ source('ops', 'model_changes') }}
        where invocation_id = '{{ invocation_id }}' and model = '{{ this.identifier }}'
    )
{%- endmacro %}

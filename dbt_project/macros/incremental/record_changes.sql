{#- What a build does to a final table, on record in ops.model_changes in the same transaction. Of an increment, before it
    is merged: `changed` holds the rows that differ. `held_back` is filled in by quality.held_back, which knows. -#}
{% macro record_changes(changed) -%}
    {%- set key = config.get('unique_key') -%}
    insert into {{ source('ops', 'model_changes') }} (invocation_id, model, inserted, updated, unchanged, held_back)
    select
        '{{ invocation_id }}',
        '{{ this.identifier }}',
        count(*) filter (where shown.{{ key }} is null),
        count(*) filter (where shown.{{ key }} is not null),
        (
            select count(*)
            from ({{ _keys_landed(key) }}) as landed
            inner join {{ this }} as shown on landed.{{ key }} = shown.{{ key }}
            where not exists (select from {{ changed }} as changed where changed.{{ key }} = landed.{{ key }})
        ),
        0
    from {{ changed }} as changed
    left join {{ this }} as shown on changed.{{ key }} = shown.{{ key }}
    on conflict (invocation_id, model) do nothing
{%- endmacro %}


{#- Keys of which the loads of this increment hold a version. A death has its key only in the final table; its dataset is
    read whole, so that a reading brings all that are not gone. -#}
{% macro _keys_landed(key) -%}
    {%- if key == 'fatality_id' -%}
        select shown.fatality_id
        from {{ this }} as shown
        where
            shown.deleted_at is null
            and exists (
                select 1
                from {{ ref('stg_chicago__' ~ this.identifier) }} as landed
                inner join {{ source('ops', 'model_loads') }} as loads
                    on landed._dlt_load_id = loads.load_id and loads.model = '{{ this.identifier }}'
                where not loads.applied
            )
    {%- else -%}
        select distinct landed.{{ key }} from {{ landed_now(this.identifier) }} as landed
    {%- endif -%}
{%- endmacro %}


{#- Of a full build, after it: compared with the table that it replaces. -#}
{% macro record_full_build() -%}
    {%- set key = config.get('unique_key') -%}
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
        0
    from {{ this }} as built
    {%- if replaced %}
    left join {{ replaced }} as replaced on built.{{ key }} = replaced.{{ key }}
    {%- endif %}
    having not exists (
        select from {{ source('ops', 'model_changes') }}
        where invocation_id = '{{ invocation_id }}' and model = '{{ this.identifier }}'
    )
{%- endmacro %}

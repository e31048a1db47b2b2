{#- Before spatial.crash_features is built, in its transaction: the book of the layers by which it has placed all crashes, brought up
    to what can be placed now. An increment drops the places of layers that have gone or changed, and by the index those of crashes
    that landed, and gives both anew. A layer of which the features are not built yet is left for the build that finds them. -#}
{% macro book_layers_to_place() -%}
    {%- if execute %}
    {%- set book = source('ops', 'placed_layers') %}
    {%- set placeable %}
        select
            layers.layer_id,
            layers.version_id,
            layers.is_city_wide
        from {{ ref('layers') }} as layers
        where
            layers.is_active
            and layers.geometry_type = 'polygon'
            -- one by one, until one is found: joined freely, each layer has been met with all features
            and (
                select true
                from {{ ref('features') }} as features
                inner join {{ ref('feature_parts') }} as parts on features.feature_id = parts.feature_id
                where features.version_id = layers.version_id
                limit 1  -- noqa: AM09
            )
    {%- endset %}
    {%- if is_incremental() %}
    {{ drop_keys_while_empty(placeable) }}
    with gone as (
        delete from {{ book }} as placed
        where
            placed.model = 'crash_features'
            and not exists (
                select
                from ({{ placeable }}) as placeable
                where placeable.layer_id = placed.layer_id and placeable.version_id = placed.version_id
            )
        returning placed.layer_id
    )

    delete from {{ this }} where layer_id in (select gone.layer_id from gone);
    update {{ book }} set is_new = false where model = 'crash_features' and is_new;
    {%- else %}
    delete from {{ book }} where model = 'crash_features';
    {%- endif %}
    insert into {{ book }} (model, layer_id, version_id, is_city_wide, is_new)
    select
        'crash_features',
        placeable.layer_id,
        placeable.version_id,
        placeable.is_city_wide,
        true
    from ({{ placeable }}) as placeable
    on conflict (model, layer_id) do nothing;
    {%- if is_incremental() %}
    delete from {{ this }}
    where layer_id in (select layer_id from {{ book }} where model = 'crash_features' and is_new);
    delete from {{ this }}
    where crash_record_id = any(array(select distinct moved.crash_record_id from {{ landed_now('crashes') }} as moved))
    {%- endif %};
    {%- set new %}
        select 1
        from ({{ placeable }}) as placeable
        left join {{ book }} as placed
            on placed.model = 'crash_features' and placeable.layer_id = placed.layer_id and placeable.version_id = placed.version_id
        where placed.layer_id is null
    {%- endset %}
    {%- if run_query(new) | length > 0 %}
    -- a table that was filled a moment ago is planned for as if it were empty
    analyze {{ ref('features') }};
    analyze {{ ref('feature_parts') }};
    {%- endif %}
    -- A thousand features are met by a hash table: no need to sort five million places for them. What is sorted is sorted in memory.
    set local enable_mergejoin = off;
    select set_config('work_mem', current_setting('maintenance_work_mem'), true)
    {%- endif %}
{%- endmacro %}

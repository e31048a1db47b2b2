{#- Has spatial.crash_features placed the crashes by this form of the layer? One that no new load speaks of, it has. -#}
{% macro is_known_layer(layers) -%}
(
            {{ layers }}.layer_id not in ({{ layers_spoken_of() }})
            or exists (
                select
                from {{ ref('features') }} as kept
                inner join {{ this }} as shown on kept.feature_id = shown.feature_id
                where kept.version_id = {{ layers }}.version_id
            )
        )
{%- endmacro %}


{#- Before an increment of spatial.crash_features, in its transaction: what it writes anew, and what has gone. Each by an index. -#}
{% macro drop_outdated_places() -%}
    {%- if execute and is_incremental() %}
        delete from {{ this }}
        where
            exists ({{ layers_spoken_of() }})
            and (
                feature_id not in (select feature_id from {{ ref('features') }})
                or layer_id not in (select layer_id from {{ ref('layers') }} where is_active)
            );
        with loads as (
            select
                load_id,
                applied
            from {{ source('ops', 'model_loads') }}
            where model = 'crash_features'
        )

        delete from {{ this }}
        where crash_record_id = any(array(select moved.crash_record_id from ({{ keys_landed_now('crashes', 'crash_record_id') }}) as moved))
    {%- endif -%}
{%- endmacro %}

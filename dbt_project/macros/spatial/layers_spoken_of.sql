{#- Layers of which a load not yet applied says something: they are new, or changed, or went out of use. -#}
{% macro layers_spoken_of() -%}
select said.layer_id
from {{ ref('stg_spatial__layers') }} as said
inner join {{ source('ops', 'model_loads') }} as spoken
    on said._dlt_load_id = spoken.load_id and spoken.model = '{{ this.identifier }}' and not spoken.applied
{%- endmacro %}

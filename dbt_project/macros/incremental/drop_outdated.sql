{#- Before an increment, in its transaction: take out what the increment is to write anew, or what has gone. -#}
{% macro drop_outdated(condition) -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }} where {{ condition }}
    {%- endif -%}
{%- endmacro %}

{#- A version may be shown if it has what its table requires. (And, for people and vehicles, its crash.) -#}
{% macro has_required(table, relation) -%}
    {%- for rule in rules_of(table) if rule.severity == 'held_back' and rule.broken -%}
        {{ ' and ' if not loop.first }}{{ relation }}.{{ rule.column }} is not null
    {%- endfor -%}
{%- endmacro %}


{#- After quality.held_back: how many of the portal rows that this invocation's loads brought are in it. -#}
{% macro record_held_back() -%}
    update {{ source('ops', 'model_changes') }} as changes
    set
        held_back = (
            select count(distinct held_back.row_key)
            from {{ this }} as held_back
            inner join {{ source('ops', 'model_loads') }} as loads
                on held_back.load_id = loads.load_id and loads.model = '{{ this.identifier }}'
            where
                held_back.table_name = changes.model
                {%- if not flags.FULL_REFRESH %}
                and loads.invocation_id = '{{ invocation_id }}'
                {%- endif %}
        )
    where changes.invocation_id = '{{ invocation_id }}'
{%- endmacro %}

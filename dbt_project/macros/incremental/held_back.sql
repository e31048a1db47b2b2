{#- A version may be shown if it has what its table requires. -#}
{% macro has_required(table, relation) -%}
    {%- for rule in rules_of(table) if rule.severity == 'held_back' -%}
        {{ ' and ' if not loop.first }}{{ relation }}.{{ rule.column }} is not null
    {%- endfor -%}
{%- endmacro %}


{% macro _held_back(staged, key, which_loads) -%}
        (
            select count(distinct coalesce({{ 'versions.' ~ key ~ '::text, ' if key != 'fatality_id' }}versions.soda_id))
            from {{ staged }} as versions
            inner join {{ source('ops', 'model_loads') }} as loads
                on versions._dlt_load_id = loads.load_id and loads.model = '{{ this.identifier }}'
            {%- if this.identifier in ('people', 'vehicles') %}
            left join {{ ref('crashes') }} as crashes on versions.crash_record_id = crashes.crash_record_id
            {%- endif %}
            where
                {{ which_loads }}
                and (
                    not ({{ has_required(this.identifier, 'versions') }})
                    {%- if this.identifier in ('people', 'vehicles') %}
                    or crashes.crash_record_id is null
                    {%- endif %}
                )
        )
{%- endmacro %}


{% macro _unchanged(staged, changed, key) -%}
    {%- if key == 'fatality_id' -%}
        (select count(*) from {{ this }} where exists (select from {{ source('ops', 'model_loads') }} where model = '{{ this.identifier }}' and not applied))
        - (select count(*) from {{ changed }} as changed where exists (select from {{ this }} as shown where shown.{{ key }} = changed.{{ key }}))
    {%- else -%}
        (
            select count(distinct versions.{{ key }})
            from {{ staged }} as versions
            inner join {{ source('ops', 'model_loads') }} as loads
                on versions._dlt_load_id = loads.load_id and loads.model = '{{ this.identifier }}'
            inner join {{ this }} as shown on versions.{{ key }} = shown.{{ key }}
            where
                not loads.applied
                and not exists (select from {{ changed }} as changed where changed.{{ key }} = versions.{{ key }})
        )
    {%- endif -%}
{%- endmacro %}

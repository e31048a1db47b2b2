{#- Incremental strategy `upsert`: new keys are inserted, known ones overwritten, in one statement that every PostgreSQL
    from 14 on has. The counts are written first, while it can still be told which is which. -#}
{% macro get_incremental_upsert_sql(arg_dict) -%}
    {%- set key = arg_dict['unique_key'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | list -%}
    {{ record_changes(arg_dict['temp_relation']) }};
    insert into {{ arg_dict['target_relation'] }} ({{ columns | join(', ') }})
    select {{ columns | join(', ') }}
    from {{ arg_dict['temp_relation'] }}
    on conflict ({{ key }}) do update set
    {%- for column in columns if column != adapter.quote(key) %}
        {{ column }} = excluded.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- Incremental strategy `replace`: what the query gives is the whole table. Only what differs is touched. -#}
{% macro get_incremental_replace_sql(arg_dict) -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    delete from {{ arg_dict['target_relation'] }} as known
    where not exists (
        select from {{ arg_dict['temp_relation'] }} as built where row(built.*) is not distinct from row(known.*)
    );
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
    except
    select {{ columns }} from {{ arg_dict['target_relation'] }}
{%- endmacro %}

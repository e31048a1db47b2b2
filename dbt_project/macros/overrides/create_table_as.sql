{#- Two things done otherwise than dbt does them.
    What an increment brings is put into a temporary table first, and from there into the model's: rows are written twice, which the
    first places of a million crashes take ten seconds for. With `tmp_relation_type='view'`, as other adapters of dbt know it, they are
    written once. For models that neither delete nor count by the temporary relation.
    A table under contract is made by dbt empty, and filled by an `insert`, of which PostgreSQL lets one process do all the work. Here it
    is made by its query, which several may share, and its columns are told after that what they must not be; that names and types are
    those of the contract is asserted before, as dbt does. -#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {%- if temporary and config.get('tmp_relation_type') == 'view' -%}
        create temporary view {{ relation }} as (
{{ sql }}
        )
    {%- elif not temporary and _may_be_made_by_its_query() -%}
        {{ get_assert_columns_equivalent(sql) }}
        create table {{ relation }} as
        {{ get_select_subquery(sql) }};
        alter table {{ relation }}
        {%- for column in _columns_not_null() %}
            alter column {{ column }} set not null{{ ',' if not loop.last }}
        {%- endfor %}
    {%- else -%}
        {{ return(dbt.postgres__create_table_as(temporary, relation, sql)) }}
    {%- endif -%}
{%- endmacro %}


{#- Under a contract that demands no more than that some columns are never null: keys are made apart (primary_key, foreign_key), once
    the rows are in. Anything else is dbt's to keep. -#}
{% macro _may_be_made_by_its_query() -%}
    {%- if not config.get('contract').enforced -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set others = model.constraints | list -%}
    {%- for column in model.columns.values() -%}
        {%- do others.extend(column.constraints | rejectattr('type', 'equalto', 'not_null') | list) -%}
    {%- endfor -%}
    {{ return(not (others or config.get('sql_header') or config.get('unlogged')) and _columns_not_null() | length > 0) }}
{%- endmacro %}


{% macro _columns_not_null() -%}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() if column.constraints | selectattr('type', 'equalto', 'not_null') | list -%}
        {%- do columns.append(adapter.quote(column.name)) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

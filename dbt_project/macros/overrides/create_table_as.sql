{#- What an increment brings is put into a temporary table first, and from there into the model's: rows are written twice, which the
    first places of a million crashes take ten seconds for. With `tmp_relation_type='view'`, as other adapters of dbt know it, they are
    written once. For models that neither delete nor count by the temporary relation. -#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {%- if temporary and config.get('tmp_relation_type') == 'view' -%}
        create temporary view {{ relation }} as (
{{ sql }}
        )
    {%- else -%}
        {{ return(dbt.postgres__create_table_as(temporary, relation, sql)) }}
    {%- endif -%}
{%- endmacro %}

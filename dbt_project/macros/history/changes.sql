{#- What a version says otherwise than the one before: {"column": {"old": …, "new": …}}, over two JSON objects of columns. Null
    for the first version. A subquery in the select list, which is not computed for who does not ask. -#}
{% macro changes(content, previous) -%}
(
        select jsonb_object_agg(field.key, jsonb_build_object('old', {{ previous }} -> field.key, 'new', field.value))
        from jsonb_each({{ content }}) as field
        where {{ previous }} is not null and field.value is distinct from {{ previous }} -> field.key
    )
{%- endmacro %}


{% macro changed_columns(content, previous) -%}
(
        select array_agg(field.key order by field.key)
        from jsonb_each({{ content }}) as field
        where {{ previous }} is not null and field.value is distinct from {{ previous }} -> field.key
    )
{%- endmacro %}


{#- The published columns of a version as a JSON object: without what only says how it came. -#}
{% macro content(relation) -%}
to_jsonb({{ relation }}) - array[
            'place', 'visible_at', 'violations', 'row_hash', 'soda_id', 'soda_version', 'source_created_at', 'source_updated_at',
            '_dlt_load_id', 'first_soda_id', 'first_soda_version', 'first_source_created_at', 'first_source_updated_at',
            'first_dlt_load_id', 'raw_ctid'
        ]
{%- endmacro %}


{#- The same where there is anything to compare it with: nearly every row has one version, which costs nothing then. -#}
{% macro content_if_changed(relation) -%}
case when shown.version_number > 1 or not shown.is_current then {{ content(relation) }} end
{%- endmacro %}

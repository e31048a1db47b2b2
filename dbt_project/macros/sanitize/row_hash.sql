{#- What tells two versions of a row apart: md5 of the published values, in this order. The text of a row value quotes what
    needs it and tells null from '', so that two different rows cannot read the same. -#}
{% macro row_hash(relation, columns) -%}
md5(row({% for column in columns %}{{ relation }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %})::text)
{%- endmacro %}

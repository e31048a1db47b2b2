{#- What tells two versions of a row apart: a number of 64 bits as text. PostgreSQL reckons it from the values and from which of them
    are null, without a text of the row in between, which would take three times as long. -#}
{% macro row_hash(relation, columns) -%}
to_hex(hash_record_extended(row(
            {%- for column in columns %}
            {{ relation }}.{{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        ), 0))
{%- endmacro %}

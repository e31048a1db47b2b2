{#- What tells two versions of a row apart: a number of 64 bits as text. PostgreSQL reckons it from the values and from which of them
    are null, without a text of the row in between, which would take three times as long. -#}
{% macro row_hash(relation, columns) -%}
to_hex(hash_record_extended(row(
            {%- for column in columns %}
            {{ relation }}.{{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        ), 0))
{%- endmacro %}


{#- True where no text of a row has anything to sanitize, as in nearly every row: printable ASCII, and of what separates (a space, or
    the unit separator that joins the texts here) never two in a row, so that none is empty or has a space at an end. It may miss
    a tidy row, never an untidy one: a text that holds the separator itself is judged piece by piece, and stays as it is.
    Whether a text says NULL or N/A is asked of each (as_text). A regular expression costs by the states it can be in: this has few. -#}
{% macro is_tidy(relation, texts) -%}
concat_ws(
            e'\x1f', '',
            {%- for column in texts %}
            {{ relation }}.{{ column }},
            {%- endfor %}
            ''
        ) !~ '[^ -~\x1f]|[ \x1f][ \x1f]'
{%- endmacro %}


{#- What the portal said, beside what it is taken for: published_<column>, for the rules. -#}
{% macro as_published(relation, columns) -%}
    {%- for column in columns -%}
    {{ relation }}.{{ column }} as published_{{ column }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

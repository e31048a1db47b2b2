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

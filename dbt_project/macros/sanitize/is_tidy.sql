{#- True where no text of a row has anything to sanitize, as in nearly every row: printable ASCII, of spaces (one joins the texts here)
    never two in a row, so that none is empty or has a space at an end, and no word that begins as NULL and N/A do. It may miss a tidy
    row, never an untidy one. A regular expression costs by the states it comes through: this has few. -#}
{% macro is_tidy(relation, texts) -%}
concat_ws(
            ' ', '',
            {%- for column in texts %}
            {{ relation }}.{{ column }},
            {%- endfor %}
            ''
        ) !~ '[^ -~]|  | [Nn][Uu/]'
{%- endmacro %}

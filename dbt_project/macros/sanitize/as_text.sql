{#- Text without stray white space. What says "nothing" in words is null: '', NULL, N/A. UNKNOWN is a category and stays.
    `tidy` names a condition under which the value is known to be right as it is (see is_tidy): nearly always. Where nothing is known,
    what is visible from end to end and longer than NULL needs no second look; such are the keys. Of a long one in hexadecimal digits
    (`is_hex`) that is told in half the time: after a letter it would be an identifier that needs no quotes.
    No subquery: the keys are indexed by this expression. -#}
{% macro as_text(value, tidy=none, is_hex=false) -%}
{%- if var('linting') -%}
as_text({{ value }})
{%- else -%}
case
    {%- if tidy %}
    when {{ tidy }} then {{ value }}
    {%- endif %}
    when {{ value }} is null then null
    {%- if is_hex %}
    when octet_length({{ value }}) > 4 and octet_length(quote_ident('x' || {{ value }})) = octet_length({{ value }}) + 1 then {{ value }}
    {%- endif %}
    when octet_length({{ value }}) > 4 and {{ value }} !~ '[^!-~]' then {{ value }}
    else nullif(
        regexp_replace(
            btrim(regexp_replace({{ value }}, '{{ white_space() }}+', ' ', 'g')),
            '^(null|n/a)$', '', 'i'
        ), ''
    )
end
{%- endif -%}
{%- endmacro %}


{#- A key that is text. What is too long to be indexed is none, or it would stop the build of its table for good. -#}
{% macro as_text_key(value, is_hex=false) -%}
{%- if var('linting') -%}
as_text_key({{ value }})
{%- else -%}
case when octet_length({{ value }}) <= {{ var('key_octets_max') }} then {{ as_text(value, is_hex=is_hex) }} end
{%- endif -%}
{%- endmacro %}


{#- Texts of a relation whose rows know whether they are tidy, each under its own name. -#}
{% macro as_texts(relation, texts) -%}
    {%- for column in texts -%}
    {{ as_text(relation ~ '.' ~ column, tidy=relation ~ '.is_tidy') }} as {{ column }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#- Every kind of space: tab, line ends, no-break (00a0), typographic (2000 to 200a), line and paragraph separators. -#}
{% macro white_space() -%}
[\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]
{%- endmacro %}

{#- Text without stray white space. What says "nothing" in words is null: '', NULL, N/A. UNKNOWN is a category and stays.
    `tidy` names a condition under which the value is known to have no stray white space (see is_tidy): nearly always.
    No subquery: the keys are indexed by this expression. -#}
{% macro as_text(value, tidy=none) -%}
{%- if var('linting') -%}
as_text({{ value }})
{%- else -%}
case
    when {{ value }} is null then null
    {%- if tidy %}
    when {{ tidy }} and (octet_length({{ value }}) > 4 or {{ value }} not like '_U__' and {{ value }} not like '_u__' and {{ value }} not like '_/_')
        then {{ value }}
    {%- else %}
    when {{ value }} ~ '^[!-~]+( [!-~]+)*$' and (length({{ value }}) > 4 or upper({{ value }}) not in ('NULL', 'N/A')) then {{ value }}
    {%- endif %}
    else nullif(
        regexp_replace(
            btrim(regexp_replace({{ value }}, '{{ white_space() }}+', ' ', 'g')),
            '^(null|n/a)$', '', 'i'
        ), ''
    )
end
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

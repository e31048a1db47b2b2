{#- Whether models are being built: not in a unit test, `dbt show`, `dbt test`, a linter. Never while dbt reads the project, whatever
    the command: what a model refers to must be the same after each of them, for the next command takes it from there. -#}
{% macro is_building() -%}
    {{ return(execute and flags.WHICH in ['run', 'build', 'retry']) }}
{%- endmacro %}

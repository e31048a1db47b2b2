{#- Whether this is a command that builds: not `dbt show`, `dbt test`, a linter. Never while dbt reads the project, whatever
    the command: what a model refers to must be the same after each of them, for the next command takes it from there. -#}
{% macro is_building() -%}
    {{ return(execute and flags.WHICH in ['run', 'build', 'retry']) }}
{%- endmacro %}


{#- Whether a model is being built: not one of its unit tests, which `dbt build` runs as well. -#}
{% macro is_building_model() -%}
    {{ return(is_building() and model.resource_type == 'model') }}
{%- endmacro %}

{#- A view is replaced in its place. dbt's own way puts a new one in the place of the old and drops that, and with it every view
    that reads it: the histories would be missing from each night's first second until they are made again, or until the next
    night where a model in between fails. Only where columns were removed or became others it has to go, and what reads it. -#}
{% materialization view, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing and not existing.is_view -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {% call statement('main') -%}
do $in_place$
declare
    others text;
begin
    create or replace view {{ target }} as (
{{ sql }}
    );
exception when {{ columns_are_others() }} then
    {{ drop_view_of_ours("'" ~ target ~ "'") }}
    create view {{ target }} as (
{{ sql }}
    );
end
$in_place$
    {%- endcall %}
    {%- do apply_grants(target, config.get('grants'), should_revoke=True) -%}
    {%- do persist_docs(target, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

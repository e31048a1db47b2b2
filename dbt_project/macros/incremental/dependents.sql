{#- A full refresh puts a new table in the place of the old one, which is dropped after the commit, and with it whatever
    hangs on it: foreign keys of other tables, views of the quality schema, views that a user made. Before the commit they
    are moved to the new table, so that nobody ever sees them missing. -#}
{% macro keep_dependents() -%}
    {%- set replaced = existing_backup() -%}
    {%- if replaced -%}
do $body$
declare
    dependent record;
begin
    for dependent in
        select
            conrelid::regclass as child,
            conname as name,
            pg_get_constraintdef(oid) as definition
        from pg_constraint
        where contype = 'f' and confrelid = '{{ replaced }}'::regclass
    loop
        execute format(
            'alter table %s drop constraint %I, add %s',
            dependent.child,
            dependent.name,
            replace(dependent.definition, '{{ replaced.identifier }}', '{{ this.identifier }}')
        );
    end loop;
end
$body$;
{{ _replace_views_on(replaced, this.identifier) }}
    {%- endif -%}
{%- endmacro %}


{#- Before a full refresh moves a table away: all locks that the swap takes, or none. Views are locked by replacing each with itself,
    which locks nothing but the view; then the table, and those whose foreign keys refer to it. Whoever reads has some of them already and
    may ask for any other: waiting for him with the rest in hand would be a deadlock, and he the victim, or keep everybody else waiting too.
    So each is waited for much shorter than the server waits for a deadlock (a second), and all are let go before the next attempt. -#}
{% macro lock_for_swap(table) -%}
do $body$
declare
    patience constant timestamptz = clock_timestamp() + interval '15 minutes';
    waits_otherwise constant text = current_setting('lock_timeout');
    child regclass;
begin
    loop
        begin
            perform set_config('lock_timeout', '100ms', true);
            {{ _views_anew(table) }}
            lock table {{ table }} in access exclusive mode;
            for child in
                select distinct conrelid::regclass from pg_constraint where contype = 'f' and confrelid = '{{ table }}'::regclass
            loop
                execute format('lock table %s in access exclusive mode', child);
            end loop;
            exit;
        exception when lock_not_available or deadlock_detected then
            if clock_timestamp() > patience then
                raise exception 'Somebody has been reading {{ table.identifier }}, or a table or view that hangs on it, for 15 minutes'
                using hint = 'The table stays as it is. End those sessions (pg_stat_activity), and do the same again.';
            end if;
        end;
        perform pg_sleep(0.05 + random() / 5);
    end loop;
    perform set_config('lock_timeout', waits_otherwise, true);
end
$body$
{%- endmacro %}


{#- Define each view on a table anew: as it was, or upon the table of that other name. Where columns have become others, a view of this
    project that is built in this run goes, and is made again when its turn comes. -#}
{% macro _replace_views_on(table, other=none) -%}
do $body$
{{ _views_anew(table, other) }}
$body$
{%- endmacro %}


{% macro _views_anew(table, other=none) -%}
declare
    dependent record;
    others text;
begin
    for dependent in
        select distinct
            pg_class.oid,
            format('%I.%I', pg_namespace.nspname, pg_class.relname) as name,
            pg_get_viewdef(pg_rewrite.ev_class) as definition
        from pg_depend
        inner join pg_rewrite on pg_depend.objid = pg_rewrite.oid
        inner join pg_class on pg_rewrite.ev_class = pg_class.oid
        inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        where
            pg_depend.classid = 'pg_rewrite'::regclass
            and pg_depend.refobjid = to_regclass('{{ table }}')
            and pg_class.relkind = 'v'
        order by 2
    loop
        continue when not exists (select from pg_class where pg_class.oid = dependent.oid);
        begin
            execute format(
                'create or replace view %s as %s',
                dependent.name,
                replace(dependent.definition, '{{ table.identifier }}', '{{ other or table.identifier }}')
            );
        exception when {{ columns_are_others() }} then
            {{ drop_view_of_ours('dependent.name') }}
        end;
    end loop;
end;
{%- endmacro %}


{#- What PostgreSQL says of a view that cannot be replaced, for its columns, or those it reads, have gone or have another type. -#}
{% macro columns_are_others() -%}
invalid_table_definition or undefined_column or undefined_function or datatype_mismatch or cannot_coerce or invalid_text_representation
{%- endmacro %}


{#- In a block that declares `others`: drop a view and what reads it, if all of that is built in this run and so made again. What
    somebody else made is not ours to drop. `view`: an expression that gives its name. -#}
{% macro drop_view_of_ours(view) -%}
{%- set ours = [] -%}
{%- for node in graph.nodes.values() if node.unique_id in selected_resources and node.config.materialized == 'view' -%}
    {%- do ours.append(node.schema ~ '.' ~ node.alias) -%}
{%- endfor -%}
with recursive hanging as (
                select {{ view }}::regclass::oid as oid
                union
                select pg_rewrite.ev_class
                from hanging
                inner join pg_depend on pg_depend.refobjid = hanging.oid and pg_depend.classid = 'pg_rewrite'::regclass
                inner join pg_rewrite on pg_depend.objid = pg_rewrite.oid
            )

            select string_agg(format('%I.%I', pg_namespace.nspname, pg_class.relname), ', ' order by pg_class.relname)
            into others
            from hanging
            inner join pg_class on hanging.oid = pg_class.oid
            inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
            where pg_namespace.nspname || '.' || pg_class.relname <> all(array['{{ ours | join("', '") }}']);
            if others is not null then
                raise exception using
                    errcode = 'dependent_objects_still_exist',
                    message = format(
                        'The columns that views read have become others (%s), and this run does not make again: %s. '
                        'Drop or change those of your own, and select those of this project too',
                        sqlerrm,
                        others
                    ),
                    hint = 'The table stays as it is until then.';
            end if;
            execute format('drop view %s cascade', {{ view }});
{%- endmacro %}


{#- After the commit: dbt dropped the old table, and now believes that the views on it went too. Tell it what is there. -#}
{% macro recall_dependents() -%}
    {%- if execute and flags.FULL_REFRESH -%}
        {%- set views -%}
        select distinct pg_namespace.nspname, pg_class.relname
        from pg_depend
        inner join pg_rewrite on pg_depend.objid = pg_rewrite.oid
        inner join pg_class on pg_rewrite.ev_class = pg_class.oid
        inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        where
            pg_depend.classid = 'pg_rewrite'::regclass
            and pg_depend.refobjid = '{{ this }}'::regclass
            and pg_class.relkind = 'v'
        {%- endset -%}
        {%- for view in run_query(views) -%}
            {%- do adapter.cache_added(
                api.Relation.create(database=this.database, schema=view[0], identifier=view[1], type='view')
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#- During a full refresh: the table that is being replaced. -#}
{% macro existing_backup() -%}
    {%- set backup = make_backup_relation(this, 'table') -%}
    {%- if execute and server_has(backup) -%}
        {{ return(backup) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

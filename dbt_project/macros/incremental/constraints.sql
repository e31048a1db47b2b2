{#- Keys are made after the rows are in, which is faster, and only where they are missing. None is given a name: while a full
    refresh swaps tables, the old one still has its own. `including`: what is asked of many keys at once, and is then read from the index
    alone. -#}
{% macro primary_key(column, including=none) -%}
    {%- if execute and not _constraints(this, 'p') -%}
        alter table {{ this }} add primary key ({{ column }}){{ ' include (' ~ including ~ ')' if including }}
    {%- endif -%}
{%- endmacro %}


{#- Rows that come into an empty table by the million come before its keys and indexes, as in a new table; emptied in the transaction
    that fills it, it need not be logged either (with `wal_level = minimal`). `coming`: a query that has a row if any will come. -#}
{% macro drop_keys_while_empty(coming) -%}
    {%- set awaited -%}
        select 1 where not exists (select from {{ this }}) and exists ({{ coming }})
    {%- endset -%}
    {%- if execute and run_query(awaited) | length == 1 %}
    truncate {{ this }};
    {%- set keys = run_query("select conname from pg_constraint where conrelid = '" ~ this ~ "'::regclass and contype = 'p'") %}
    {%- for key in keys %}
    alter table {{ this }} drop constraint {{ key[0] }};
    {%- endfor %}
    {%- for index in run_query("select indexrelid::regclass from pg_index where indrelid = '" ~ this ~ "'::regclass and not indisprimary") %}
    drop index {{ index[0] }};
    {%- endfor %}
    {%- endif %}
{%- endmacro %}


{% macro index_if_missing(columns) -%}
    {%- set existing %}
        select 1 from pg_index where indrelid = '{{ this }}'::regclass and pg_get_indexdef(indexrelid) like '%btree ({{ columns }})'
    {%- endset -%}
    {%- if execute and run_query(existing) | length == 0 -%}
        create index on {{ this }} ({{ columns }})
    {%- endif -%}
{%- endmacro %}


{% macro foreign_key(column, parent) -%}
    {%- if execute and not _constraints(this, 'f', parent) -%}
        alter table {{ this }} add foreign key ({{ column }}) references {{ parent }}
    {%- endif -%}
{%- endmacro %}


{% macro index_of_violations() -%}
    {%- set existing %}
        select 1 from pg_index where indrelid = '{{ this }}'::regclass and indpred is not null
    {%- endset -%}
    {%- if execute and run_query(existing) | length == 0 -%}
        create index on {{ this }} (loaded_at) where violations is not null
    {%- endif -%}
{%- endmacro %}


{#- Of a table just made nothing is known to plan by; what others wait for cannot wait for the server to come round to it. Before the
    commit it is read as it lies in the cache; after it, the first reader notes in each page that its rows are there to stay. -#}
{% macro analyze_new() -%}
    {%- if execute and not is_incremental() -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}


{#- After the commit: an index is enough to read only of pages that a vacuum has found to hold what everybody may see. In a table just
    made there are none (that may be a reader's to see to: `even_new`); in one of which most rows were rewritten (new boundaries), hardly
    any. The server looks after both by itself, in the course of the night; whoever asks now waits. -#}
{% macro vacuum_if_rewritten(relation=this, even_new=true) -%}
    {%- set rewritten = "pg_stat_user_tables.n_dead_tup > pg_class.reltuples / 2" ~ (" or pg_class.relallvisible = 0" if even_new) -%}
    {%- if execute and server_tells(relation, rewritten) -%}
        vacuum (analyze) {{ relation }}
    {%- endif -%}
{%- endmacro %}


{% macro _constraints(relation, type, parent=none) -%}
    {%- set found %}
        select 1 from pg_constraint
        where conrelid = '{{ relation }}'::regclass and contype = '{{ type }}'
        {%- if parent %} and confrelid = '{{ parent }}'::regclass {%- endif %}
    {%- endset -%}
    {{ return(run_query(found) | length > 0) }}
{%- endmacro %}

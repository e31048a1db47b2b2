{#- Before a final table is built, in its transaction: take on every committed load that it has not seen. A table whose rows
    belong to another's (people to crashes) takes on only what that one (`after`, or each of them) has applied: built alone, it takes on
    nothing new.
    The build then reads its own claims, and nothing else: what commits meanwhile waits for the next one. `landed`: the datasets of
    which an increment asks what those loads brought. -#}
{% macro claim_loads(after=[], landed=[]) -%}
    {{ plan_carefully() }};
    insert into {{ source('ops', 'model_loads') }} (model, load_id, loaded_at, invocation_id)
    select
        '{{ this.identifier }}',
        committed.load_id,
        committed.inserted_at,
        '{{ invocation_id }}'
    from {{ source('raw', '_dlt_loads') }} as committed
    where
        committed.status = 0
        {%- for parent in ([after] if after is string else after) %}
        and exists (
            select from {{ source('ops', 'model_loads') }} as parent
            where parent.load_id = committed.load_id and parent.model = '{{ parent }}' and parent.applied
        )
        {%- endfor %}
    on conflict (model, load_id) do nothing
    {%- if execute and is_incremental() %}
    {%- for table in landed %};
    {{ note_landed(table) }}
    {%- endfor %}
    {%- endif %}
{%- endmacro %}


{#- Joins that leave few rows must come before the others: the planner may reorder as many as there are. Expressions as long as those of
    the staging views are compiled where there are some 100,000 rows, and as they stand: to optimize them takes longer than it saves. -#}
{% macro plan_carefully() -%}
    set local join_collapse_limit = 20;
    set local from_collapse_limit = 20;
    set local jit = off
    {%- if execute and not is_incremental() %};
    -- A build of everything: hash tables of a million keys fit, and the planner hears that what it computes for a row (regular
    -- expressions, casts) is dear, or it would not share the rows among processes.
    select set_config('work_mem', current_setting('maintenance_work_mem'), true);
    set local cpu_operator_cost = 0.05;
    set local jit = on;
    set local jit_above_cost = 10000000;
    set local jit_inline_above_cost = -1;
    set local jit_optimize_above_cost = -1;
    set local jit_tuple_deforming = off;
    -- The disk writes along, in place of all at the commit, for which others wait.
    set local backend_flush_after = '2MB'
    {%- endif %}
{%- endmacro %}


{#- After it, still in the same transaction. -#}
{% macro mark_loads_applied() -%}
    update {{ source('ops', 'model_loads') }}
    set applied = true
    where model = '{{ this.identifier }}' and not applied
{%- endmacro %}


{#- CTE `loads`: the loads that a model has claimed, when each was committed, and whether the model has taken it in before this build.
    `only_applied`: those that it has. -#}
{% macro claimed_loads(model_name, only_applied=false) -%}
    {%- set claimed %}
    select
        load_id,
        loaded_at,
        applied
    from {{ source('ops', 'model_loads') }}
    where model = '{{ model_name }}'{{ ' and applied' if only_applied }}
    {%- endset -%}
    {{ a_handful(claimed, ['load_id', 'loaded_at', 'applied']) }}
{%- endmacro %}


{#- A few rows that millions meet in a build of everything: loads, or keys found gone. Statistics know nothing of them yet; taken for
    none or one, they would come first, and all rows be cleaned anew for each of them. An unnested array is taken for ten. Views, which
    look few rows up, ask as it stands (the unit test of one has no `this` to be an increment of). -#}
{% macro a_handful(query, columns) -%}
    {%- if not execute or not this or config.get('materialized') == 'view' or is_incremental() -%}
    {{ query }}
    {%- else -%}
    select
        {%- for column in columns %}
        unnest(array_agg(handful.{{ column }})) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
    {{- query }}
    ) as handful
    {%- endif -%}
{%- endmacro %}

-- One row an execution of the runner: when, what it did to the rows, how dbt fared in it, and why it failed. A view: it shows
-- also what is running now, and is empty where only dlt and dbt are run.
with executions as (
    select
        execution_id,
        job,
        command,
        status,
        trigger_type,
        attempt,
        retry_of,
        scheduled_for,
        started_at,
        completed_at,
        seconds,
        fetched,
        inserted,
        updated,
        unchanged,
        held_back,
        error_class,
        error_message,
        error_remedy,
        dlt_load_ids,
        dbt_invocation_id,
        host,
        git_revision
    from {{ ref('stg_operations__job_executions') }}
),

nodes as (
    select
        execution_id,
        count(*) as dbt_nodes,
        count(*) filter (where status in ('error', 'fail', 'runtime error')) as dbt_nodes_failed,
        (array_agg(name order by seconds desc, name asc) filter (where seconds is not null))[1] as slowest_node,
        max(seconds) as slowest_node_seconds
    from {{ ref('stg_operations__job_execution_nodes') }}
    group by execution_id
)

select
    executions.execution_id,
    executions.job,
    executions.command,
    executions.status,
    executions.trigger_type,
    executions.attempt,
    executions.retry_of,
    executions.scheduled_for,
    executions.started_at,
    executions.started_at at time zone '{{ var("local_zone") }}' as started_at_local,
    executions.completed_at,
    executions.seconds,
    executions.fetched,
    executions.inserted,
    executions.updated,
    executions.unchanged,
    executions.held_back,
    coalesce(nodes.dbt_nodes, 0) as dbt_nodes,
    coalesce(nodes.dbt_nodes_failed, 0) as dbt_nodes_failed,
    nodes.slowest_node,
    nodes.slowest_node_seconds,
    executions.error_class,
    executions.error_message,
    executions.error_remedy,
    coalesce(jsonb_array_length(executions.dlt_load_ids), 0) as dlt_loads,
    executions.dbt_invocation_id,
    executions.host,
    executions.git_revision
from executions
left outer join nodes on executions.execution_id = nodes.execution_id

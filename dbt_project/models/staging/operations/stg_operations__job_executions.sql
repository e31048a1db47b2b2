-- One row an execution, as the runner's ledger has it; no row where there is no ledger, because only dlt and dbt were ever run.
-- Of the context only what tells where rows came from is taken; tracebacks and parameters stay in ops.
select
    execution_id::bigint as execution_id,
    job_id::bigint as job_id,
    job::text as job,
    command::text as command,
    status::text as status,
    trigger_type::text as trigger_type,
    attempt::integer as attempt,
    retry_of::bigint as retry_of,
    scheduled_for::timestamptz as scheduled_for,
    started_at::timestamptz as started_at,
    completed_at::timestamptz as completed_at,
    fetched::bigint as fetched,
    inserted::bigint as inserted,
    updated::bigint as updated,
    unchanged::bigint as unchanged,
    held_back::bigint as held_back,
    error_class::text as error_class,
    error_message::text as error_message,
    error_remedy::text as error_remedy,
    extract(epoch from duration::interval)::double precision as seconds,
    context::jsonb -> 'dlt_load_ids' as dlt_load_ids,
    context::jsonb ->> 'dbt_invocation_id' as dbt_invocation_id,
    context::jsonb ->> 'host' as host,
    context::jsonb ->> 'git_revision' as git_revision
from {{ or_empty(source('ops', 'job_executions'), [
    'execution_id', 'job_id', 'job', 'command', 'status', 'trigger_type', 'attempt', 'retry_of', 'scheduled_for', 'started_at',
    'completed_at', 'duration', 'fetched', 'inserted', 'updated', 'unchanged', 'held_back',
    'error_class', 'error_message', 'error_remedy', 'context',
]) }}

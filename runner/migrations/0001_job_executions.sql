-- The memory of the project: every execution of a command that changes tables, and what dbt did in it.

create table ops.job_executions (
    execution_id bigint generated always as identity primary key,
    job text,
    command text not null,
    status text not null default 'running'
        check (status in ('pending', 'running', 'completed', 'failed', 'cancelled', 'timed_out', 'abandoned')),
    trigger_type text not null default 'manual' check (trigger_type in ('manual', 'scheduled')),
    retry_of bigint references ops.job_executions (execution_id) on delete set null,
    started_at timestamptz not null default clock_timestamp(),
    completed_at timestamptz,
    -- Nobody knows when an abandoned execution ended, only when that was noticed.
    duration interval generated always as (
        case when status <> 'abandoned' then completed_at - started_at end
    ) stored,
    fetched bigint,
    inserted bigint,
    updated bigint,
    unchanged bigint,
    held_back bigint,
    datasets jsonb not null default '{}',
    error_class text,
    error_message text,
    error_remedy text,
    error_traceback text,
    context jsonb not null default '{}',
    check ((completed_at is null) = (status in ('pending', 'running')))
);

create index job_executions_started_at on ops.job_executions (started_at desc);
create index job_executions_job on ops.job_executions (job, started_at desc) where job is not null;
create index job_executions_open on ops.job_executions (execution_id) where status in ('pending', 'running');

comment on table ops.job_executions is
    'One row for each execution of a command that lands or builds: there before the work starts, closed whatever happens.';
comment on column ops.job_executions.execution_id is 'Number of the execution, ascending.';
comment on column ops.job_executions.job is 'Name of the scheduled job; null when a person started the command.';
comment on column ops.job_executions.command is 'What was executed: run, ingest or transform.';
comment on column ops.job_executions.status is
    'pending, running, completed, failed, cancelled (Ctrl-C or a signal), timed_out, or abandoned (its process died without closing the record).';
comment on column ops.job_executions.trigger_type is 'manual or scheduled.';
comment on column ops.job_executions.retry_of is 'The execution that this one repeats.';
comment on column ops.job_executions.started_at is 'When the record was made, before the first request.';
comment on column ops.job_executions.completed_at is
    'When the record was closed; for an abandoned execution, when the next start noticed it.';
comment on column ops.job_executions.duration is 'completed_at less started_at; null for an abandoned execution.';
comment on column ops.job_executions.fetched is 'Rows that the portal sent, all datasets together; null where nothing was asked of it.';
comment on column ops.job_executions.inserted is 'Rows new in the final tables, all datasets together; null where dbt did not run.';
comment on column ops.job_executions.updated is 'Rows changed in the final tables, all datasets together.';
comment on column ops.job_executions.unchanged is 'Rows looked at again and found as they were.';
comment on column ops.job_executions.held_back is 'Rows kept out of the final tables by a rule; see quality.held_back.';
comment on column ops.job_executions.datasets is
    'The same counts for each dataset: {"crashes": {"fetched": 3, "inserted": 1, "updated": 2, "unchanged": 0, "held_back": 0}, …}.';
comment on column ops.job_executions.error_class is 'Class of the error that ended the execution, for grouping.';
comment on column ops.job_executions.error_message is 'What happened, and to what. Secrets are masked.';
comment on column ops.job_executions.error_remedy is 'What to do next.';
comment on column ops.job_executions.error_traceback is 'Where in the code it happened. Secrets are masked.';
comment on column ops.job_executions.context is
    'Parameters, versions, git revision, host, pid, user, dlt_load_ids, dbt_invocation_id. Secrets are masked.';

create table ops.job_execution_nodes (
    execution_id bigint not null references ops.job_executions (execution_id) on delete cascade,
    node_id text not null,
    name text not null,
    resource_type text not null,
    status text not null,
    seconds double precision,
    rows bigint,
    failures bigint,
    message text,
    primary key (execution_id, node_id)
);

comment on table ops.job_execution_nodes is 'What dbt did in an execution: one row for each model, seed, test and unit test.';
comment on column ops.job_execution_nodes.execution_id is 'The execution.';
comment on column ops.job_execution_nodes.node_id is 'dbt''s unique_id, such as model.chicago_crashes.crashes.';
comment on column ops.job_execution_nodes.name is 'The node''s own name.';
comment on column ops.job_execution_nodes.resource_type is 'model, seed, test, unit_test, operation, …';
comment on column ops.job_execution_nodes.status is 'success, error, skipped; for tests pass, warn, fail, error, skipped.';
comment on column ops.job_execution_nodes.seconds is 'How long it took.';
comment on column ops.job_execution_nodes.rows is 'Rows that the database says it wrote; null where it says nothing.';
comment on column ops.job_execution_nodes.failures is 'Rows that a test found at fault.';
comment on column ops.job_execution_nodes.message is 'What dbt or the database said. Secrets are masked.';

-- What runs when, and the memory that it takes to run it right: the queue, the attempts, the deadline, the log.

create table ops.scheduled_jobs (
    job_id bigint generated always as identity primary key,
    name text not null unique check (length(name) between 1 and 200),
    description text not null default '',
    job_type text not null
        check (job_type in ('full_refresh', 'incremental', 'window', 'reconcile', 'summary', 'custom')),
    config jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
    enabled boolean not null default true,
    recurrence_type text not null check (recurrence_type in ('once', 'daily', 'weekly', 'monthly', 'cron')),
    once_at timestamptz check (once_at is null or recurrence_type = 'once'),
    at_time time check ((at_time is not null) = (recurrence_type in ('daily', 'weekly', 'monthly'))),
    weekday smallint check ((weekday is not null) = (recurrence_type = 'weekly') and weekday between 1 and 7),
    month_day smallint check ((month_day is not null) = (recurrence_type = 'monthly') and month_day between 1 and 31),
    cron_expression text check ((cron_expression is not null) = (recurrence_type = 'cron')),
    next_run timestamptz,
    last_run timestamptz,
    timeout_minutes double precision not null default 60 check (timeout_minutes > 0),
    max_retries integer not null default 3 check (max_retries >= 0),
    retry_delay_minutes double precision not null default 5 check (retry_delay_minutes >= 0),
    told_failure bigint references ops.job_executions (execution_id) on delete set null,
    created_by text not null default current_user,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp()
);

comment on table ops.scheduled_jobs is
    'What runs by itself: edited with `crashes jobs`, carried out by `crashes scheduler` or `crashes tick`.';
comment on column ops.scheduled_jobs.job_id is 'Number of the job; it stays when the job is renamed.';
comment on column ops.scheduled_jobs.name is 'What people call it.';
comment on column ops.scheduled_jobs.description is 'What it is for.';
comment on column ops.scheduled_jobs.job_type is
    'full_refresh, incremental, window (of crash dates), reconcile, summary, or custom (a command of the list in config).';
comment on column ops.scheduled_jobs.config is
    'What the work takes: {"datasets": […], "days": 30} or "months", "since", "until"; {"select": […]} for dbt; {"command": ["validate"]} for custom.';
comment on column ops.scheduled_jobs.enabled is 'Whether it runs by itself.';
comment on column ops.scheduled_jobs.recurrence_type is 'once, daily, weekly, monthly or cron; in Chicago time.';
comment on column ops.scheduled_jobs.once_at is 'For once: when. Null until it is said.';
comment on column ops.scheduled_jobs.at_time is 'For daily, weekly and monthly: the time of day in Chicago.';
comment on column ops.scheduled_jobs.weekday is 'For weekly: 1 is Monday, 7 Sunday.';
comment on column ops.scheduled_jobs.month_day is 'For monthly: day of the month; the last one where the month is shorter.';
comment on column ops.scheduled_jobs.cron_expression is 'For cron: five fields, in Chicago time.';
comment on column ops.scheduled_jobs.next_run is 'When it is due next; null where it is not to run again, or not planned yet.';
comment on column ops.scheduled_jobs.last_run is 'The due time that was last put into the queue.';
comment on column ops.scheduled_jobs.timeout_minutes is 'After so long an execution is stopped, here and in the database.';
comment on column ops.scheduled_jobs.max_retries is 'How often a failed or timed-out execution is repeated.';
comment on column ops.scheduled_jobs.retry_delay_minutes is 'How long after the failure.';
comment on column ops.scheduled_jobs.told_failure is
    'The failed execution that people were told of and that no success has followed; null while all is well.';
comment on column ops.scheduled_jobs.created_by is 'Who made it.';
comment on column ops.scheduled_jobs.created_at is 'When it was made.';
comment on column ops.scheduled_jobs.updated_at is 'When a person last edited it.';

-- Created once, here: what a user changes or removes stays changed or removed.
insert into ops.scheduled_jobs
    (name, description, job_type, config, enabled, recurrence_type, at_time, weekday, cron_expression, timeout_minutes, created_by)
values
    (
        'Incremental refresh', 'Whatever is new on the portal since the last run, built and tested.',
        'incremental', '{}', true, 'cron', null, null, '15 */6 * * *', 60, 'chicago-crashes'
    ),
    (
        'Last 30 days by crash date', 'The last 30 days once more, whatever their cursor says.',
        'window', '{"datasets": ["crashes", "people", "vehicles"], "days": 30}', true, 'daily', '02:30', null, null, 60,
        'chicago-crashes'
    ),
    (
        'Vision Zero fatalities, last 6 months', 'The deaths that the City counts; the set is read whole where it changed.',
        'window', '{"datasets": ["vision_zero_fatalities"], "months": 6}', true, 'weekly', '03:00', 1, null, 60,
        'chicago-crashes'
    ),
    (
        'Reconcile deletions', 'Finds rows that vanished from the portal, and rows that never came.',
        'reconcile', '{}', true, 'weekly', '03:40', 7, null, 120, 'chicago-crashes'
    ),
    (
        'Validation', 'Asks every data test about all rows.',
        'custom', '{"command": ["validate"]}', true, 'daily', '04:40', null, null, 60, 'chicago-crashes'
    ),
    (
        'Housekeeping', 'Removes records and logs that are older than they are kept.',
        'custom', '{"command": ["prune"]}', true, 'weekly', '05:20', 7, null, 60, 'chicago-crashes'
    ),
    (
        'Daily summary', 'Yesterday against the usual, by mail. Enable it once mail is configured (CRASHES_SMTP_HOST).',
        'summary', '{}', false, 'daily', '07:00', null, null, 15, 'chicago-crashes'
    ),
    (
        'Full refresh', 'Reads everything again and builds every table from the beginning. Say when: jobs edit --at.',
        'full_refresh', '{}', false, 'once', null, null, null, 300, 'chicago-crashes'
    );

alter table ops.job_executions
add column job_id bigint references ops.scheduled_jobs (job_id) on delete set null,
add column attempt integer not null default 1,
add column scheduled_for timestamptz,
add column deadline timestamptz,
add column cancel_requested_at timestamptz,
add column exit_code smallint;

-- The queue: an execution that waits to be carried out, one for each job at most.
create unique index job_executions_one_pending on ops.job_executions (job_id) where status = 'pending';
create index job_executions_job_id on ops.job_executions (job_id, execution_id desc) where job_id is not null;
create index job_executions_retry_of on ops.job_executions (retry_of) where retry_of is not null;

comment on column ops.job_executions.job is 'Name that the scheduled job had then; null when a person started a command of its own.';
comment on column ops.job_executions.job_id is 'The scheduled job; null for none, or where it was removed since.';
comment on column ops.job_executions.command is 'What was executed: run, ingest, transform, reconcile, validate, …';
comment on column ops.job_executions.attempt is '1 for the first, 2 for its first retry, …';
comment on column ops.job_executions.scheduled_for is 'The due time that it serves; null where a person asked for it.';
comment on column ops.job_executions.deadline is 'When it is stopped by its job''s timeout; null for none.';
comment on column ops.job_executions.cancel_requested_at is 'When somebody asked it to stop (crashes jobs cancel).';
comment on column ops.job_executions.exit_code is
    'Of the command: 0 done, 1 failed, 2 wrong configuration, 4 a data test failed; null while it runs, and for an abandoned one.';
comment on column ops.job_executions.started_at is 'When the work began: before the first request. While it is pending: when it was put into the queue.';

alter table ops.job_execution_nodes add column first_rows jsonb;
comment on column ops.job_execution_nodes.first_rows is 'The first rows that a failed test found at fault.';

create table ops.job_execution_logs (
    log_id bigint generated always as identity primary key,
    execution_id bigint not null references ops.job_executions (execution_id) on delete cascade,
    logged_at timestamptz not null,
    level text not null,
    logger text not null,
    dataset text,
    load_id text,
    message text not null
);

create index job_execution_logs_execution on ops.job_execution_logs (execution_id, log_id);

comment on table ops.job_execution_logs is 'What an execution said while it worked: one row for each line of its log. Secrets are masked.';
comment on column ops.job_execution_logs.log_id is 'Number of the line, ascending.';
comment on column ops.job_execution_logs.execution_id is 'The execution.';
comment on column ops.job_execution_logs.logged_at is 'When it was said.';
comment on column ops.job_execution_logs.level is 'DEBUG, INFO, WARNING or ERROR.';
comment on column ops.job_execution_logs.logger is 'The part of the program that said it, such as ingest.soda (requests to the portal).';
comment on column ops.job_execution_logs.dataset is 'The dataset it is about, where it is about one.';
comment on column ops.job_execution_logs.load_id is 'dlt''s load, where it is about one.';
comment on column ops.job_execution_logs.message is 'The line.';

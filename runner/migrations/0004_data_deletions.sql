-- What was taken out of a final table by hand (`crashes data delete`), by whom, and how much.

create table ops.data_deletions (
    deletion_id bigint generated always as identity primary key,
    execution_id bigint references ops.job_executions (execution_id) on delete set null,
    table_name text not null,
    from_day date,
    to_day date,
    rows bigint not null,
    deleted_by text not null default session_user,
    deleted_at timestamptz not null default clock_timestamp()
);

create index data_deletions_execution on ops.data_deletions (execution_id);

comment on table ops.data_deletions is
    'One row for each final table that `crashes data delete` took rows out of: those asked for, and those that hung on them.';
comment on column ops.data_deletions.deletion_id is 'Number of the deletion, ascending.';
comment on column ops.data_deletions.execution_id is 'The execution that did it; null once that was pruned.';
comment on column ops.data_deletions.table_name is 'The final table, without its schema marts.';
comment on column ops.data_deletions.from_day is 'First day of the crash dates that were asked for; null for no limit.';
comment on column ops.data_deletions.to_day is 'Last day, included; null for no limit.';
comment on column ops.data_deletions.rows is 'How many rows went.';
comment on column ops.data_deletions.deleted_by is 'The role of the database that did it.';
comment on column ops.data_deletions.deleted_at is 'When.';

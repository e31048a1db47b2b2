-- How the portal's columns differ from the declared ones, and when that was seen first and last.

create table ops.schema_changes (
    change_id bigint generated always as identity primary key,
    dataset text not null,
    column_name text not null,
    change text not null check (change in ('new', 'missing', 'renamed', 'retyped')),
    declared text,
    served text,
    remedy text not null,
    first_seen_at timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp(),
    execution_id bigint references ops.job_executions (execution_id) on delete set null,
    resolved_at timestamptz
);

-- One open row for each difference; where it comes back later, it is a new row.
create unique index schema_changes_open on ops.schema_changes (dataset, column_name, change, coalesce(served, ''))
where resolved_at is null;

comment on table ops.schema_changes is
    'How the columns that the portal publishes differ from those of ingest/datasets.yml: seen before any row of the dataset is landed.';
comment on column ops.schema_changes.change_id is 'Number of the difference, ascending.';
comment on column ops.schema_changes.dataset is 'crashes, people, vehicles or vision_zero_fatalities.';
comment on column ops.schema_changes.column_name is 'The column''s name at the portal; for a missing or renamed one, the name that we know.';
comment on column ops.schema_changes.change is
    'new (lands as text in raw), missing, renamed (a guess: another column of its type has a like name or its place) or retyped.';
comment on column ops.schema_changes.declared is 'Type that ingest/datasets.yml gives it; null for a new one.';
comment on column ops.schema_changes.served is 'Type that the portal gives it; for a renamed one its new name; null for a missing one.';
comment on column ops.schema_changes.remedy is 'What to do about it, and in which file.';
comment on column ops.schema_changes.first_seen_at is 'When a run saw it first.';
comment on column ops.schema_changes.last_seen_at is 'When a run saw it last.';
comment on column ops.schema_changes.execution_id is 'The execution that saw it first.';
comment on column ops.schema_changes.resolved_at is 'When a run saw that it is no more: the portal took it back, or it was declared. Null while it is open.';

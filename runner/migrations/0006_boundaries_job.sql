-- One default job more: the City's boundaries. They change once in years, and looking costs five small requests.

insert into ops.scheduled_jobs
    (name, description, job_type, config, enabled, recurrence_type, at_time, weekday, timeout_minutes, created_by)
values
    (
        'Boundaries', 'The City''s wards, community areas, police beats and districts, census tracts, and the crashes in them.',
        'custom', '{"command": ["boundaries"]}', true, 'weekly', '03:20', 1, 60, 'chicago-crashes'
    )
on conflict (name) do nothing;

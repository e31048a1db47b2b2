-- Hot spots read all crashes, so no run waits for them: a job of their own builds them. Unless somebody has one of that name.

insert into ops.scheduled_jobs (name, description, job_type, config, recurrence_type, at_time, weekday, timeout_minutes, created_by)
values
    (
        'Hot spots', 'Clusters, corners and the grid of the map, built anew from all crashes.',
        'custom', '{"command": ["transform", "--select", "tag:hotspots"]}', 'weekly', '05:40', 1, 60, 'chicago-crashes'
    )
on conflict (name) do nothing;

-- One row a version of a death that said something else than the one before, and when marts.vision_zero_fatalities showed it.
with loads as (
    {{ claimed_loads('vision_zero_fatalities', only_applied=true) }}
),

{{ runs_of_deaths() }},

spans as (
    select
        fatality_id,
        run,
        min(loaded_at) as valid_from,
        lead(min(loaded_at)) over (partition by fatality_id order by run) as valid_to,
        lead(min(row_hash)) over (partition by fatality_id order by run) as next_hash
    from runs
    group by fatality_id, run
),

-- the version that began each span
versions as (
    select distinct on (runs.fatality_id, runs.run)
        runs.fatality_id,
        runs.run,
        runs._dlt_load_id
    from runs
    where runs.row_hash is not null
    order by runs.fatality_id asc, runs.run asc, runs.loaded_at asc, runs._dlt_load_id asc
),

told as (
    select
        deaths.fatality_id,
        deaths.person_id,
        deaths.rd_no,
        deaths.crash_date,
        deaths.crash_location,
        deaths.latitude,
        deaths.longitude,
        deaths.geocoded_column,
        deaths.victim,
        deaths.crash_circumstances,
        spans.valid_from,
        spans.valid_to,
        spans.next_hash,
        deaths.violations,
        deaths.row_hash,
        deaths.soda_id,
        deaths.soda_version,
        deaths.source_updated_at,
        deaths._dlt_load_id,
        row_number() over (partition by spans.fatality_id order by spans.run) as version_number,
        {{ content('deaths') }} - array['loaded_at', 'identity'] as content,
        lag({{ content('deaths') }} - array['loaded_at', 'identity']) over (
            partition by spans.fatality_id order by spans.run
        ) as content_before
    from versions
    inner join spans on versions.fatality_id = spans.fatality_id and versions.run = spans.run
    inner join deaths
        on versions.fatality_id = deaths.fatality_id and versions._dlt_load_id = deaths._dlt_load_id
)

select
    fatality_id,
    person_id,
    rd_no,
    crash_date,
    crash_location,
    latitude,
    longitude,
    geocoded_column,
    victim,
    crash_circumstances,
    version_number,
    valid_from,
    valid_to,
    valid_to is null as is_current,
    case when valid_to is not null then case when next_hash is null then 'vanished' else 'replaced' end end as ended_by,
    {{ changed_columns('content', 'content_before') }} as changed_columns,
    {{ changes('content', 'content_before') }} as changes,
    violations,
    row_hash,
    soda_id,
    soda_version,
    source_updated_at,
    _dlt_load_id
from told

{#- CTEs from `landed` to `deaths` and `runs`: which deaths each reading of the fatalities held, and for how many readings in a
    row each said the same, or was not there. Needs CTE `loads`. For the final table and for its history. -#}
{% macro runs_of_deaths() -%}
-- a row that came twice in one load is one row
landed as (
    select distinct on (versions._dlt_load_id, versions.soda_id)
        versions.*,
        loads.loaded_at
    from {{ ref('stg_chicago__vision_zero_fatalities') }} as versions
    inner join loads on versions._dlt_load_id = loads.load_id
    where
        {{ has_required('vision_zero_fatalities', 'versions') }}
        and {{ in_increment('exists (select 1 from loads as news where not news.applied)') }}
    order by
        versions._dlt_load_id asc,
        versions.soda_id asc,
        versions.source_updated_at desc nulls last,
        versions.soda_version desc,
        versions.row_hash asc
),

identified as (
    select
        landed.*,
        to_char(landed.crash_date, 'YYYY-MM-DD HH24:MI:SS') || case
            when landed.person_id ~ '^[A-Z]?[0-9]+$' then ' person ' || landed.person_id
            else ' place ' || coalesce(regexp_replace(upper(landed.crash_location), '[^A-Z0-9]+', ' ', 'g'), '')
        end as identity
    from landed
),

deaths as (
    select
        identified.*,
        md5(identified.identity || ' ' || row_number() over (
            partition by identified._dlt_load_id, identified.identity
            order by
                identified.victim, identified.crash_circumstances, identified.latitude, identified.longitude,
                identified.soda_id
        )) as fatality_id
    from identified
),

-- complete readings of the whole dataset, or of the crash dates from `since` to `until`
readings as (
    select
        loads.load_id,
        loads.loaded_at,
        coalesce({{ as_timestamp('portal_reads.since') }}, '-infinity') as since,
        coalesce({{ as_timestamp('portal_reads.until') }} + interval '1 day', 'infinity') as until
    from {{ source('raw', 'portal_reads') }} as portal_reads
    inner join loads on portal_reads._dlt_load_id = loads.load_id
    where portal_reads.dataset = 'vision_zero_fatalities' and portal_reads.complete
),

known as (
    select distinct
        fatality_id,
        crash_date
    from deaths
),

-- where each death was found, and (no row_hash) where it was looked for in vain
sightings as (
    select
        fatality_id,
        _dlt_load_id,
        loaded_at,
        row_hash
    from deaths
    union all
    select
        known.fatality_id,
        readings.load_id,
        readings.loaded_at,
        null as row_hash
    from known
    inner join readings on known.crash_date >= readings.since and known.crash_date < readings.until
    where not exists (
        select 1
        from deaths
        where deaths.fatality_id = known.fatality_id and deaths._dlt_load_id = readings.load_id
    )
),

marked as (
    select
        *,
        lag(row_hash) over (partition by fatality_id order by loaded_at, _dlt_load_id) as hash_before
    from sightings
),

runs as (
    select
        *,
        count(*) filter (where row_hash is distinct from hash_before) over (
            partition by fatality_id order by loaded_at, _dlt_load_id
        ) as run
    from marked
)
{%- endmacro %}

{{ config(
    materialized='incremental',
    incremental_strategy='upsert',
    unique_key='fatality_id',
    on_schema_change='fail',
    indexes=[
        {'columns': ['crash_at_local']},
        {'columns': ['geom'], 'type': 'gist'},
        {'columns': ['person_id']},
        {'columns': ['updated_at']},
    ],
    pre_hook="{{ claim_loads() }}",
    post_hook=[
        "{{ primary_key('fatality_id') }}",
        "{{ index_of_violations() }}",
        "{{ keep_dependents() }}",
        "{{ record_full_build() }}",
        "{{ mark_loads_applied() }}",
        after_commit("{{ recall_dependents() }}"),
    ],
) }}

-- One row a death. The dataset has no key that holds (blank and reused person_ids, equal rows that are two people), but it is
-- small and read whole: each reading says who is there, and who is not there any more. So the key is made from what survives
-- corrections (who, or else where, and when) and an ordinal among those that are equal in it. All readings are gone through
-- again whenever a new one came.
with loads as (
    select
        load_id,
        loaded_at,
        applied
    from {{ source('ops', 'model_loads') }}
    where model = 'vision_zero_fatalities'
),

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
),

-- the last run of content, and the last run of any kind
dated as (
    select
        *,
        min(loaded_at) filter (where row_hash is not null) over (partition by fatality_id) as created_at,
        first_value(loaded_at) over (partition by fatality_id order by run desc, loaded_at asc) as updated_at,
        first_value(row_hash) over (partition by fatality_id order by run desc, loaded_at asc) is null as is_gone
    from runs
),

shown as (
    select distinct on (fatality_id)
        fatality_id,
        _dlt_load_id,
        created_at,
        updated_at,
        case when is_gone then updated_at end as deleted_at
    from dated
    where row_hash is not null
    order by fatality_id asc, run desc, loaded_at asc, _dlt_load_id asc
),

vision_zero_fatalities as (
    select
        -- ids
        shown.fatality_id,
        deaths.person_id,
        deaths.rd_no,

        -- when
        deaths.crash_date,
        deaths.crash_date as crash_at_local,
        {{ local_to_instant('deaths.crash_date') }} as crash_at,

        -- where
        deaths.crash_location,
        deaths.latitude,
        deaths.longitude,
        deaths.geocoded_column,

        -- what
        deaths.victim,
        deaths.crash_circumstances,

        -- derived
        {{ point('deaths.longitude', 'deaths.latitude') }} as geom,
        deaths.latitude is not null and deaths.longitude is not null as has_valid_location,

        -- lineage
        deaths.violations,
        deaths.row_hash,
        deaths.soda_id,
        deaths.soda_version,
        deaths.source_created_at,
        deaths.source_updated_at,
        deaths.loaded_at,
        shown.created_at,
        shown.updated_at,
        shown.deleted_at,
        deaths._dlt_load_id
    from shown
    inner join deaths on shown.fatality_id = deaths.fatality_id and shown._dlt_load_id = deaths._dlt_load_id
)

select * from vision_zero_fatalities
{{ where_changed('vision_zero_fatalities', 'fatality_id') }}

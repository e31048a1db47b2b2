-- One row a landed version of a death, each value sanitized and typed, none left out.
-- `clean` is computed once a row: `limit 1` keeps the planner from copying its expressions to wherever they are used.
select
    clean.person_id,
    clean.rd_no,
    clean.crash_date,
    clean.crash_location,
    clean.latitude,
    clean.longitude,
    clean.geocoded_column,
    clean.victim,
    clean.crash_circumstances,
    judged.violations,
    whole.row_hash,
    published.soda_id::text as soda_id,
    published.soda_version::text as soda_version,
    stamps.source_created_at,
    stamps.source_updated_at,
    published._dlt_load_id::text as _dlt_load_id
from {{ source('raw', 'vision_zero_fatalities') }} as published
inner join lateral (
    {{ whole_line('published', [
        'person_id', 'rd_no', 'crash_date', 'crash_location', 'latitude', 'longitude',
        'geocoded_column', 'victim', 'crash_circumstances',
    ]) }}
    limit 1  -- noqa: AM09
) as whole on true
inner join lateral (
    {{ stamps('published') }}
    limit 1  -- noqa: AM09
) as stamps on true
inner join lateral (
    select
        {{ as_text('published.person_id', tidy='whole.is_tidy') }} as person_id,
        {{ as_text('published.rd_no', tidy='whole.is_tidy') }} as rd_no,
        {{ as_timestamp('published.crash_date') }} as crash_date,
        {{ as_text('published.crash_location', tidy='whole.is_tidy') }} as crash_location,
        {{ as_degrees('published.latitude', var('latitude_min'), var('latitude_max')) }} as latitude,
        {{ as_degrees('published.longitude', var('longitude_min'), var('longitude_max')) }} as longitude,
        {{ as_text('published.geocoded_column', tidy='whole.is_tidy') }} as geocoded_column,
        {{ as_text('published.victim', tidy='whole.is_tidy') }} as victim,
        {{ as_text('published.crash_circumstances', tidy='whole.is_tidy') }} as crash_circumstances
    limit 1  -- noqa: AM09
) as clean on true
inner join lateral (
    select {{ violations_of('vision_zero_fatalities') }} as violations
    limit 1  -- noqa: AM09
) as judged on true

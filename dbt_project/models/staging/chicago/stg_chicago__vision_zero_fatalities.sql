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
    clean.row_hash,
    published.soda_id::text as soda_id,
    published.soda_version::text as soda_version,
    clean.source_created_at,
    clean.source_updated_at,
    published._dlt_load_id::text as _dlt_load_id
from {{ source('raw', 'vision_zero_fatalities') }} as published
cross join lateral (
    select
        {{ as_text('published.person_id') }} as person_id,
        {{ as_text('published.rd_no') }} as rd_no,
        {{ as_timestamp('published.crash_date') }} as crash_date,
        {{ as_text('published.crash_location') }} as crash_location,
        {{ as_degrees('published.latitude', var('latitude_min'), var('latitude_max')) }} as latitude,
        {{ as_degrees('published.longitude', var('longitude_min'), var('longitude_max')) }} as longitude,
        {{ as_text('published.geocoded_column') }} as geocoded_column,
        {{ as_text('published.victim') }} as victim,
        {{ as_text('published.crash_circumstances') }} as crash_circumstances,
        {{ as_instant('published.soda_created_at') }} as source_created_at,
        {{ as_instant('published.soda_updated_at') }} as source_updated_at,
        {{ row_hash('published', [
            'person_id', 'rd_no', 'crash_date', 'crash_location', 'latitude', 'longitude',
            'geocoded_column', 'victim', 'crash_circumstances',
        ]) }} as row_hash
    limit 1  -- noqa: AM09
) as clean
cross join lateral (
    select {{ violations_of('vision_zero_fatalities') }} as violations
    limit 1  -- noqa: AM09
) as judged

{%- set texts = [
    'person_id', 'rd_no', 'crash_location', 'geocoded_column', 'victim', 'crash_circumstances',
] -%}
{%- set others = [
    'crash_date', 'latitude', 'longitude',
] -%}

-- One row a landed version of a death, each value sanitized and typed, none left out.
-- Each step is a subquery with a `with` of its own. Such a one PostgreSQL leaves as it is: its values are computed once a row,
-- while conditions on keys still reach raw's index, and several processes may share the rows.
with clean as (
    with published as (
        {{ landed_versions('vision_zero_fatalities', texts, others) }}
    )

    select
        {{ as_timestamp('published.crash_date') }} as crash_date,
        {{ as_degrees('published.latitude', var('latitude_min'), var('latitude_max')) }} as latitude,
        {{ as_degrees('published.longitude', var('longitude_min'), var('longitude_max')) }} as longitude,
        {{ as_texts('published', texts) }},
        {{ told_of_version('published', texts + others, is_compacted=false) }}
    from published
)

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
    {{ violations_of('vision_zero_fatalities') }} as violations,
    clean.row_hash,
    clean.soda_id,
    clean.soda_version,
    clean.source_created_at,
    clean.source_updated_at,
    clean._dlt_load_id
from clean

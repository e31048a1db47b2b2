-- One row a landed version of a crash: its key, the load that brought it, what it cannot do without, and where it was. The
-- staging view computes all of a row; who asks which keys a load touched, which came twice or which lack something, asks here.
select
    {{ raw_ctid('published') }} as raw_ctid,
    {{ as_text_key('published.crash_record_id', is_hex=true) }} as crash_record_id,
    published.soda_id::text as soda_id,
    published._dlt_load_id::text as _dlt_load_id,
    published.soda_version::text as soda_version,
    published.first_dlt_load_id::text as first_dlt_load_id,
    {{ as_instant('published.soda_updated_at') }} as source_updated_at,
    {{ as_timestamp('published.crash_date') }} as crash_date,
    {{ as_degrees('published.latitude', var('latitude_min'), var('latitude_max')) }} as latitude,
    {{ as_degrees('published.longitude', var('longitude_min'), var('longitude_max')) }} as longitude
from {{ source('raw', 'crashes') }} as published

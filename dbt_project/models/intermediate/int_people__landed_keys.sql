-- One row a landed version of a person: its key and its crash's, and the load that brought it. The staging view computes
-- all of a row; who asks only which keys a load touched, or which came twice, asks here.
select
    {{ raw_ctid('published') }} as raw_ctid,
    {{ as_text_key('published.person_id') }} as person_id,
    {{ as_text_key('published.crash_record_id', is_hex=true) }} as crash_record_id,
    published.soda_id::text as soda_id,
    published._dlt_load_id::text as _dlt_load_id,
    published.first_dlt_load_id::text as first_dlt_load_id
from {{ source('raw', 'people') }} as published

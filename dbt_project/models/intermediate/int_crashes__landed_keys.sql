-- One row a landed version of a crash: its key, the load that brought it, and what it cannot do without. The staging view
-- computes all of a row; who asks only which keys a load touched, which came twice or which lack something, asks here.
select
    {{ as_text('published.crash_record_id') }} as crash_record_id,
    published.soda_id::text as soda_id,
    published._dlt_load_id::text as _dlt_load_id,
    published.first_dlt_load_id::text as first_dlt_load_id,
    {{ as_timestamp('published.crash_date') }} as crash_date
from {{ source('raw', 'crashes') }} as published

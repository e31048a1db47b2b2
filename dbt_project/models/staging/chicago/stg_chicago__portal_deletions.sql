-- One row for each time that a row was looked for at the portal and not found any more.
select
    deletions.dataset::text as table_name,
    deletions.key::text as row_key,
    deletions.month::text as crash_month,
    deletions.found_at,
    deletions._dlt_load_id::text as _dlt_load_id
from {{ source('raw', 'portal_deletions') }} as deletions

{{ config(tags=['cross_table'], warn_if='>10000', error_if='>100000') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with shown as (
    select (select count(*) from {{ ref('people') }}) + (select count(*) from {{ ref('vehicles') }}) as children
)

select
    orphans.table_name,
    orphans.row_key,
    orphans.crash_record_id,
    orphans.load_id,
    1000000 * count(*) over () / (shown.children + count(*) over ()) as per_million
from {{ ref('orphans') }} as orphans
cross join shown

-- One row a person or unit whose crash is not there. It joins its table in the run that brings the crash.
select
    table_name,
    row_key,
    crash_record_id,
    soda_id,
    load_id,
    loaded_at
from {{ ref('held_back') }}
where rule_id in ('people.crash_record_id.orphan', 'vehicles.crash_record_id.orphan')

-- One row a node that dbt went through in an execution; no row where there is no ledger. The rows that a test found at fault
-- stay in ops.
select
    execution_id::bigint as execution_id,
    node_id::text as node_id,
    name::text as name,
    resource_type::text as resource_type,
    status::text as status,
    seconds::double precision as seconds,
    rows::bigint as rows_written,
    failures::bigint as failures,
    message::text as message
from {{ or_empty(source('ops', 'job_execution_nodes'), [
    'execution_id', 'node_id', 'name', 'resource_type', 'status', 'seconds', 'rows', 'failures', 'message',
]) }}

{{ config(tags=['portal'], severity='warn') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
-- depends_on: {{ ref('crashes') }}
select
    dataset,
    column_name,
    change,
    remedy
from {{ or_empty(source('ops', 'schema_changes'), ['dataset', 'column_name', 'change', 'remedy', 'resolved_at']) }}
where resolved_at is null

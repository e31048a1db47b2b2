{{ config(tags=['portal'], severity='warn') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
-- depends_on: {{ ref('crashes') }}
with published as (
    select
        portal_datasets.dataset,
        max(portal_datasets.newest_updated_at) as newest_published
    from {{ source('raw', 'portal_datasets') }} as portal_datasets
    inner join {{ source('raw', '_dlt_loads') }} as loads
        on portal_datasets._dlt_load_id = loads.load_id and loads.status = 0
    group by portal_datasets.dataset
),

-- a window of crash dates has no cursor
reached as (
    select
        portal_reads.dataset,
        max(portal_reads.cursor_updated_at) as newest_read
    from {{ source('raw', 'portal_reads') }} as portal_reads
    inner join {{ source('raw', '_dlt_loads') }} as loads
        on portal_reads._dlt_load_id = loads.load_id and loads.status = 0
    where portal_reads.cursor_updated_at is not null
    group by portal_reads.dataset
)

select
    published.dataset,
    published.newest_published,
    reached.newest_read
from published
inner join reached on published.dataset = reached.dataset
where reached.newest_read < published.newest_published

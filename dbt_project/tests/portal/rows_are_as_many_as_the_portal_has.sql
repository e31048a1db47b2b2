{{ config(tags=['portal'], fail_calc='coalesce(max(per_million), 0)::bigint', warn_if='>2000', error_if='>20000') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with published as (
    select distinct on (portal_datasets.dataset)
        portal_datasets.dataset,
        portal_datasets.row_count,
        portal_datasets.read_at
    from {{ source('raw', 'portal_datasets') }} as portal_datasets
    inner join {{ source('raw', '_dlt_loads') }} as loads
        on portal_datasets._dlt_load_id = loads.load_id and loads.status = 0
    order by portal_datasets.dataset asc, portal_datasets.read_at desc
),

-- a window of crash dates is no promise to have everything
read_to_the_end as (
    select distinct portal_reads.dataset
    from {{ source('raw', 'portal_reads') }} as portal_reads
    inner join {{ source('raw', '_dlt_loads') }} as loads
        on portal_reads._dlt_load_id = loads.load_id and loads.status = 0
    where portal_reads.complete and portal_reads.mode <> 'window'
),

here as (
    {%- for table in ['crashes', 'people', 'vehicles', 'vision_zero_fatalities'] %}
    select
        '{{ table }}' as dataset,
        count(*) as rows_here
    from {{ ref(table) }}
    where deleted_at is null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

waiting as (
    select
        table_name as dataset,
        count(distinct row_key) as held_back
    from {{ ref('held_back') }}
    group by table_name
)

select
    published.dataset,
    published.row_count as rows_of_portal,
    here.rows_here,
    published.read_at,
    coalesce(waiting.held_back, 0) as held_back,
    1000000 * abs(published.row_count - here.rows_here - coalesce(waiting.held_back, 0))
    / greatest(published.row_count, 1) as per_million
from published
inner join read_to_the_end on published.dataset = read_to_the_end.dataset
inner join here on published.dataset = here.dataset
left outer join waiting on published.dataset = waiting.dataset
where published.row_count <> here.rows_here + coalesce(waiting.held_back, 0)

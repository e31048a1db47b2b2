{{ config(tags=['cross_table'], warn_if='>1000', error_if='>10000') }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with children as (
    select
        'people' as table_name,
        person_id as row_key,
        crash_record_id,
        crash_date
    from {{ ref('people') }}
    where deleted_at is null
    union all
    select
        'vehicles' as table_name,
        crash_unit_id::text as row_key,
        crash_record_id,
        crash_date
    from {{ ref('vehicles') }}
    where deleted_at is null
),

compared as (
    select
        children.*,
        crashes.crash_date as date_of_crash,
        count(*) over () as all_children
    from children
    inner join {{ ref('crashes') }} as crashes on children.crash_record_id = crashes.crash_record_id
)

select
    *,
    1000000 * count(*) over () / all_children as per_million
from compared
where crash_date <> date_of_crash

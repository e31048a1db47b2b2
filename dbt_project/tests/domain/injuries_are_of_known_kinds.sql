{{ config(
    tags=['domain'],
    fail_calc='coalesce(max(per_million), 0)::bigint',
    warn_if='>0',
    error_if='>50000',
) }}

-- Told last, so that nothing waits for it: {{ ref('by_rule') }}
with injuries as (
    select
        'crashes.most_severe_injury' as published_as,
        most_severe_injury as kind
    from {{ ref('crashes') }}
    where updated_at >= {{ newly_shown_since('crashes') }} and deleted_at is null
    union all
    select
        'people.injury_classification' as published_as,
        injury_classification as kind
    from {{ ref('people') }}
    where updated_at >= {{ newly_shown_since('people') }} and deleted_at is null
),

counted as (
    select
        published_as,
        kind,
        count(*) as times,
        sum(count(*)) over (partition by published_as)::bigint as rows_looked_at
    from injuries
    group by published_as, kind
)

select
    published_as,
    kind,
    times,
    rows_looked_at,
    case when rows_looked_at < 500 then 1 else greatest(1, 1000000 * times / rows_looked_at) end as per_million
from counted
where
    kind not in (
        'FATAL', 'INCAPACITATING INJURY', 'NONINCAPACITATING INJURY', 'REPORTED, NOT EVIDENT', 'NO INDICATION OF INJURY'
    )

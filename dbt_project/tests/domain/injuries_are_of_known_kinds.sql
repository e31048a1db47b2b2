{{ config(severity='warn', tags=['domain']) }}

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
)

select
    published_as,
    kind,
    count(*) as times
from injuries
where
    kind not in (
        'FATAL', 'INCAPACITATING INJURY', 'NONINCAPACITATING INJURY', 'REPORTED, NOT EVIDENT', 'NO INDICATION OF INJURY'
    )
group by published_as, kind

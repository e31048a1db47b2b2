-- One row a death: the person and the crash of the police reports that it is. Exact where the City's list names a person of the
-- people table, whose crash was not another day's (a few ids are reused); else the fatal crash nearest in time and place; else
-- none. Nobody dies twice: the only one killed in a crash is the person of a death near it that no other death is linked with.
-- A view: what a correction links or parts shows at once, and there are few deaths.
with deaths as (
    select
        fatality_id,
        person_id,
        crash_date,
        geom
    from {{ ref('vision_zero_fatalities') }}
    where deleted_at is null
),

links as (
    select
        deaths.fatality_id,
        deaths.crash_date,
        deaths.geom,
        exact.person_id as named_person_id,
        coalesce(exact.crash_record_id, near.crash_record_id) as crash_record_id,
        case
            when exact.person_id is not null then 'exact'
            when near.crash_record_id is not null then 'near'
            else 'none'
        end as link
    from deaths
    left outer join lateral (
        select
            people.person_id,
            people.crash_record_id
        from {{ ref('people') }} as people
        inner join {{ ref('crashes') }} as crashes on people.crash_record_id = crashes.crash_record_id
        where
            people.person_id = deaths.person_id
            and people.deleted_at is null
            and crashes.deleted_at is null
            and crashes.crash_at_local between deaths.crash_date - interval '1 day' and deaths.crash_date + interval '1 day'
    ) as exact on true
    left outer join lateral (
        select crashes.crash_record_id
        from {{ ref('crashes') }} as crashes
        where
            exact.person_id is null
            and crashes.deleted_at is null
            and crashes.injuries_fatal > 0
            and crashes.crash_at_local
            between deaths.crash_date - make_interval(mins => {{ var('fatality_link_minutes') }})
            and deaths.crash_date + make_interval(mins => {{ var('fatality_link_minutes') }})
            and st_dwithin(crashes.geom::geography, deaths.geom::geography, {{ var('fatality_link_metres') }})
        order by
            st_distance(crashes.geom::geography, deaths.geom::geography),
            abs(extract(epoch from crashes.crash_at_local - deaths.crash_date)),
            crashes.crash_record_id
        limit 1
    ) as near on true
)

select
    links.fatality_id,
    links.link,
    links.crash_record_id,
    coalesce(links.named_person_id, killed.person_id) as person_id,
    round(abs(extract(epoch from crashes.crash_at_local - links.crash_date)) / 60)::integer as minutes_apart,
    st_distance(crashes.geom::geography, links.geom::geography) as metres_apart
from links
left outer join {{ ref('crashes') }} as crashes on links.crash_record_id = crashes.crash_record_id
left outer join lateral (
    select min(people.person_id) as person_id
    from {{ ref('people') }} as people
    where
        people.crash_record_id = links.crash_record_id
        and people.injury_classification = 'FATAL'
        and people.deleted_at is null
        and not exists (
            select from links as others
            where others.crash_record_id = links.crash_record_id and others.fatality_id <> links.fatality_id
        )
    having count(*) = 1
) as killed on links.link = 'near'

{{ config(tags=['structure']) }}

select
    crash_record_id,
    severity_score,
    injuries_fatal,
    injuries_incapacitating
from {{ ref('crashes') }}
where
    updated_at >= {{ newly_shown_since('crashes') }}
    and (
        severity_score is null
        or severity_score not between 1 and 5
        or (severity_score = 5) <> (coalesce(injuries_fatal, 0) > 0)
        or severity_score < 4 and injuries_incapacitating > 0
    )

{% macro crashes_rules() -%}
    {{ return(
        required("crashes", ["crash_record_id", "crash_date"])
        + readable("crashes", "timestamp", ["date_police_notified"])
        + readable("crashes", "integer", [
            "crash_hour", "crash_day_of_week", "crash_month", "street_no", "beat_of_occurrence", "posted_speed_limit",
            "lane_cnt", "num_units", "injuries_total", "injuries_fatal", "injuries_incapacitating",
            "injuries_non_incapacitating", "injuries_reported_not_evident", "injuries_no_indication", "injuries_unknown",
        ])
        + readable("crashes", "flag", [
            "crash_date_est_i", "intersection_related_i", "private_property_i", "hit_and_run_i", "dooring_i",
            "work_zone_i", "workers_present_i", "photos_taken_i", "statements_taken_i",
        ])
        + within("crashes", "posted_speed_limit", "integer", var("posted_speed_limit_min"), var("posted_speed_limit_max"))
        + located("crashes", "location")
        + not_in_the_future("crashes", "crash_date")
        + [
            {
                "id": "crashes.injuries_total.sum", "table": "crashes", "column": "injuries_total", "severity": "warn",
                "sentence": "injuries_total is the sum of the fatal, incapacitating, non-incapacitating and reported ones.",
                "broken": "clean.injuries_total <> clean.injuries_fatal::bigint + clean.injuries_incapacitating"
                    ~ " + clean.injuries_non_incapacitating + clean.injuries_reported_not_evident",
            },
            {
                "id": "crashes.most_severe_injury.contradicts_counts", "table": "crashes",
                "column": "most_severe_injury", "severity": "warn",
                "sentence": "most_severe_injury is the gravest of the injuries counted.",
                "broken": "clean.most_severe_injury <> case"
                    ~ " when clean.injuries_fatal > 0 then 'FATAL'"
                    ~ " when clean.injuries_incapacitating > 0 then 'INCAPACITATING INJURY'"
                    ~ " when clean.injuries_non_incapacitating > 0 then 'NONINCAPACITATING INJURY'"
                    ~ " when clean.injuries_reported_not_evident > 0 then 'REPORTED, NOT EVIDENT'"
                    ~ " when clean.injuries_total = 0 then 'NO INDICATION OF INJURY'"
                    ~ " end",
            },
            {
                "id": "crashes.crash_hour.contradicts_date", "table": "crashes", "column": "crash_hour",
                "severity": "warn",
                "sentence": "crash_hour is the hour of crash_date.",
                "broken": "clean.crash_hour <> date_part('hour', clean.crash_date)",
            },
            {
                "id": "crashes.crash_day_of_week.contradicts_date", "table": "crashes", "column": "crash_day_of_week",
                "severity": "warn",
                "sentence": "crash_day_of_week is the day of crash_date, 1 being Sunday.",
                "broken": "clean.crash_day_of_week <> date_part('dow', clean.crash_date) + 1",
            },
            {
                "id": "crashes.crash_month.contradicts_date", "table": "crashes", "column": "crash_month",
                "severity": "warn",
                "sentence": "crash_month is the month of crash_date.",
                "broken": "clean.crash_month <> date_part('month', clean.crash_date)",
            },
            {
                "id": "crashes.date_police_notified.before_crash", "table": "crashes", "column": "date_police_notified",
                "severity": "warn",
                "sentence": "The police are notified when the crash has happened, not before.",
                "broken": "clean.date_police_notified < clean.crash_date",
            },
            {
                "id": "crashes.beat_of_occurrence.contradicts_point", "table": "crashes", "column": "beat_of_occurrence",
                "severity": "warn",
                "sentence": "beat_of_occurrence is the beat that the point lies in, by the boundaries of now.",
                "broken": none,
            },
        ]
    ) }}
{%- endmacro %}


{#- The findings of the other rules, and of the one that takes a boundary to judge: which beats there are is not known to the row.
    `violations` may hold what was found by earlier boundaries. Beats are written 0111 here and 111 there. -#}
{% macro with_beat_judged(violations, reported, lies_in) -%}
case
    when {{ violations }} is null and ({{ reported }}::text <> ltrim({{ lies_in }}, '0')) is not true then null
    else nullif(
        coalesce(
            jsonb_path_query_array({{ violations }}, '$[*] ? (@.rule != "crashes.beat_of_occurrence.contradicts_point")'), '[]'
        )
        || case
            when {{ reported }}::text <> ltrim({{ lies_in }}, '0') then jsonb_build_array(jsonb_build_object(
                'rule', 'crashes.beat_of_occurrence.contradicts_point',
                'column', 'beat_of_occurrence',
                'value', {{ reported }}::text,
                'severity', 'warn'
            ))
            else '[]'
        end,
        '[]'
    )
end
{%- endmacro %}

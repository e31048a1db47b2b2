{#- Rules that come by the dozen: one for each column named. A rule is
        id        <table>.<column>.<what is wrong>
        severity  held_back: the row stays out of the final table · error: the value is nulled · warn: only noted
        column    the column whose original value is put on record
        sentence  what must be true
        broken    SQL over `published` (the portal's text) and `clean` (the same, sanitized): true where it is not
    `broken` begins with what is cheap and rarely true: it runs for every row. -#}

{% macro required(table, columns) -%}
    {%- set rules = [] -%}
    {%- for column in columns -%}
        {%- do rules.append({
            "id": table ~ "." ~ column ~ ".required", "table": table, "column": column, "severity": "held_back",
            "sentence": column ~ " is there and readable.",
            "broken": "clean." ~ column ~ " is null",
        }) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}


{#- A row of this table belongs to a crash. Told by quality.held_back, since it takes the crashes to know. -#}
{% macro belongs_to_a_crash(table) -%}
    {{ return([{
        "id": table ~ ".crash_record_id.orphan", "table": table, "column": "crash_record_id", "severity": "held_back",
        "sentence": "The crash that crash_record_id names is in the crashes table.",
        "broken": none,
    }]) }}
{%- endmacro %}


{% macro readable(table, kind, columns) -%}
    {%- set names = {
        "integer": "a whole number", "bigint": "a whole number", "number": "a number", "timestamp": "a date that exists",
        "flag": "Y or N",
    } -%}
    {%- set rules = [] -%}
    {%- for column in columns -%}
        {%- do rules.append({
            "id": table ~ "." ~ column ~ ".unreadable", "table": table, "column": column, "severity": "error",
            "sentence": column ~ " is " ~ names[kind] ~ " or blank.",
            "broken": "clean." ~ column ~ " is null and published." ~ column ~ " is not null"
                ~ " and " ~ as_text("published." ~ column) ~ " is not null"
                ~ (" and " ~ _read("published." ~ column, kind) ~ " is null" if kind != "flag"),
        }) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}


{% macro within(table, column, kind, lowest, highest) -%}
    {{ return([{
        "id": table ~ "." ~ column ~ ".out_of_range", "table": table, "column": column, "severity": "error",
        "sentence": column ~ " is between " ~ lowest ~ " and " ~ highest ~ ".",
        "broken": "clean." ~ column ~ " is null and published." ~ column ~ " is not null"
            ~ " and " ~ _read("published." ~ column, kind) ~ " is not null",
    }]) }}
{%- endmacro %}


{#- The two coordinates of a table whose GeoJSON point is in the column named. -#}
{% macro located(table, point_column) -%}
    {{ return(
        readable(table, "number", ["latitude", "longitude"])
        + within(table, "latitude", "number", var("latitude_min"), var("latitude_max"))
        + within(table, "longitude", "number", var("longitude_min"), var("longitude_max"))
        + [
            {
                "id": table ~ ".latitude.incomplete", "table": table, "column": "latitude", "severity": "warn",
                "sentence": "latitude and longitude are both there or both blank; with one alone there is no point.",
                "broken": "(clean.latitude is null) <> (clean.longitude is null)",
            },
            {
                "id": table ~ "." ~ point_column ~ ".contradicts_numbers", "table": table, "column": point_column,
                "severity": "warn",
                "sentence": point_column ~ " is a point, and where latitude and longitude are; else the two numbers win.",
                "broken": point_contradicts(point_column),
            },
        ]
    ) }}
{%- endmacro %}


{#- Seen from the day of the landing, not of the build: what is found in a row must not depend on when it is built, or an
    increment and a later full refresh would disagree. -#}
{% macro not_in_the_future(table, column) -%}
    {{ return([{
        "id": table ~ "." ~ column ~ ".in_the_future", "table": table, "column": column, "severity": "warn",
        "sentence": column ~ " is not later than the landing of the row.",
        "broken": "clean." ~ column ~ " >= '" ~ year_of_first_landing() ~ "-01-01' and clean." ~ column ~ " > " ~ landed_at_local("clean"),
    }]) }}
{%- endmacro %}


{% macro _read(value, kind) -%}
    {%- set readers = {"integer": as_integer, "bigint": as_bigint, "number": as_number, "timestamp": as_timestamp} -%}
    {{ return("(" ~ readers[kind](value) ~ ")") }}
{%- endmacro %}

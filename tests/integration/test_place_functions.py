"""The functions of the schema spatial, asked in SQL: what they say, what they read, and who may call them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from harness import BIN, CommandLine, Database
from place_questions import LOOP, SQUARE, Truth, assert_same, built_with_some_vanished, file_of
from sample_portal.testing import RunningPortal


@pytest.fixture(scope="module")
def built(
    module_crashes: CommandLine, module_database: Database, module_serve: Callable[..., RunningPortal]
) -> CommandLine:
    return built_with_some_vanished(module_crashes, module_database, module_serve)


def psql(crashes: CommandLine, statement: str) -> subprocess.CompletedProcess[str]:
    command = [BIN / "crashes", "db", "psql", "-v", "ON_ERROR_STOP=1", "-At", "-c", statement]
    return subprocess.run(command, env=crashes.env, capture_output=True, text=True, timeout=60)


def test_a_crash_on_a_line_where_an_area_is_cut_counts_once(built: CommandLine, module_database: Database) -> None:
    """An area with a long border is looked through in pieces; two of them meet in the middle, where the crash is."""
    circle = (
        "with area as ("
        "select geom as middle, st_buffer(geom, 0.02, 'quad_segs=100') as area from marts.crashes "
        "where geom is not null and deleted_at is null order by crash_record_id limit 1"
        ") "
    )
    pieces = "select count(*) from area, st_subdivide(area.area, 255) as piece where st_intersects(piece, middle)"
    assert module_database.value(circle + pieces) > 1
    true = module_database.value(
        circle + "select count(*) from area, marts.crashes where st_intersects(area.area, geom) and deleted_at is null"
    )
    assert module_database.value(circle + "select spatial.report_within(area) ->> 'crashes' from area") == str(true)
    found = "select count(*), count(distinct crash_record_id) from area, spatial.crashes_within(area)"
    assert module_database.rows(circle + found) == [(true, true)]


def test_a_crash_where_two_parts_of_an_area_touch_counts_once(built: CommandLine, module_database: Database) -> None:
    """In the second part it is at a notch, nowhere near the edge of the part's box."""
    touching = (
        "with area as ("
        "select geom as middle, st_setsrid(st_geomfromtext(format('multipolygon("
        "((%%1$s %%2$s, %%3$s %%6$s, %%4$s %%6$s, %%1$s %%2$s)),"
        "((%%5$s %%7$s, %%8$s %%7$s, %%8$s %%6$s, %%1$s %%2$s, %%5$s %%6$s, %%5$s %%7$s)))',"
        "st_x(geom), st_y(geom), st_x(geom) + 0.01, st_x(geom) - 0.01, st_x(geom) - 0.02, st_y(geom) + 0.02,"
        "st_y(geom) - 0.02, st_x(geom) + 0.02)), 4326) as area from marts.crashes "
        "where geom is not null and deleted_at is null order by crash_record_id limit 1"
        ") "
    )
    pieces = "select st_isvalid(area), count(*) from area, st_dump(area) as part where st_intersects(part.geom, middle)"
    assert module_database.rows(touching + pieces + " group by area") == [(True, 2)]
    true = module_database.value(
        touching
        + "select count(*) from area, marts.crashes where st_intersects(area.area, geom) and deleted_at is null"
    )
    found = "select count(*), count(distinct crash_record_id) from area, spatial.crashes_within(area)"
    assert module_database.rows(touching + found) == [(true, true)]
    assert module_database.value(touching + "select spatial.report_within(area) ->> 'crashes' from area") == str(true)


def test_plain_sql_says_the_same_as_the_command(built: CommandLine, tmp_path: Path) -> None:
    asked = {
        "select spatial.report_near(41.8786, -87.6251, 10560, until => '2021-12-31')": built(
            "near", "--lat", LOOP[0], "--lon", LOOP[1], "--radius-feet", "10560", "--to", "2021-12-31", "--json"
        ),
        f"select spatial.report_within(st_geomfromgeojson('{json.dumps(SQUARE)}'), '2020-01-01')": built(
            "within", "--geojson", file_of(SQUARE, tmp_path), "--from", "2020-01-01", "--format", "json"
        ),
    }
    for statement, command in asked.items():
        typed = psql(built, statement)
        assert typed.returncode == 0, typed.stderr
        assert json.loads(typed.stdout) == command.json()


def test_without_the_table_of_features_it_says_so(built: CommandLine, module_database: Database) -> None:
    with closing(module_database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("alter table spatial.features rename to elsewhere")
        with pytest.raises(Exception, match="There are no layers yet") as raised:
            cursor.execute("select spatial.feature_area('wards', '27')")
        assert "crashes layers add" in str(raised.value)
        cursor.execute("rollback")


def test_the_lookups_use_the_index_of_places(built: CommandLine, module_database: Database) -> None:
    """In a table of some ten thousand crashes, and as the planner likes it. It counts scans within the transaction."""
    columns = [
        name
        for (name,) in module_database.rows(
            "select attname from pg_attribute where attrelid = 'marts.crashes'::regclass and attnum > 0"
        )
    ]
    copied = ", ".join("crash_record_id || copy" if name == "crash_record_id" else f'"{name}"' for name in columns)
    used = (
        "select sum(pg_stat_get_xact_numscans(indexrelid)), pg_stat_get_xact_numscans('marts.crashes'::regclass) from "
        " pg_index join pg_class on pg_class.oid = indexrelid join pg_am on pg_am.oid = relam "
        "where indrelid = 'marts.crashes'::regclass and amname = 'gist'"
    )
    names = ", ".join(f'"{name}"' for name in columns)
    box = "st_makeenvelope(-87.63, 41.87, -87.62, 41.88, 4326)"
    with closing(module_database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute(
            f"insert into marts.crashes ({names}) "
            f"select {copied} from marts.crashes cross join generate_series(1, 19) as copy"
        )
        cursor.execute("analyze marts.crashes")
        for asked in (
            "spatial.crashes_near(41.8786, -87.6251, 1000)",
            f"spatial.crashes_within({box})",
        ):
            cursor.execute(used)
            by_index, whole = cursor.fetchone() or (0, 0)
            cursor.execute(f"select count(*) from {asked}")
            cursor.execute(used)
            assert cursor.fetchone() == (by_index + 1, whole), asked
        cursor.execute("set local enable_seqscan = off")
        for condition in (f"geom && {box}", f"st_intersects({box}, geom)"):
            cursor.execute(f"explain select from marts.crashes where {condition} and deleted_at is null")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Index Cond: (geom " in plan, plan
        cursor.execute("rollback")


def test_the_functions_say_what_they_are_and_may_be_called_by_readers(
    built: CommandLine, module_database: Database
) -> None:
    functions = module_database.rows(
        "select proname, provolatile, proparallel, obj_description(oid, 'pg_proc'), proconfig from pg_proc "
        "where pronamespace = 'spatial'::regnamespace"
    )
    wanted = {"crashes_near", "crashes_within", "report_near", "report_within", "report_of", "feature_area"}
    assert wanted <= {name for name, *_ in functions}
    for name, volatile, parallel, comment, config in functions:
        if name in wanted or name.startswith("checked_"):
            assert (volatile, parallel) == ("s", "s"), name
            assert len(comment) > 40, name
            assert config[0] == "search_path=pg_catalog, public, pg_temp", name
    with closing(module_database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("create role questions_reader")
        cursor.execute("grant questions_reader to current_user")
        cursor.execute("grant usage on schema spatial, marts to questions_reader")
        cursor.execute("grant select on all tables in schema marts to questions_reader")
        cursor.execute("set local role questions_reader")
        cursor.execute("set local search_path = pg_catalog")
        cursor.execute("select spatial.report_near(41.8786, -87.6251, 10560) -> 'crashes'")
        assert (cursor.fetchone() or (0,))[0] > 0
        cursor.execute("rollback")


def test_another_system_is_transformed_and_a_null_is_an_error(built: CommandLine, module_database: Database) -> None:
    area = f"st_setsrid(st_geomfromgeojson('{json.dumps(SQUARE)}'), 4326)"
    count = "select count(*) from spatial.crashes_within"
    assert module_database.value(f"{count}(st_transform({area}, 3435))") == module_database.value(f"{count}({area})")
    for asked, word in (
        ("crashes_within(null)", "HINT:  Give a polygon"),
        ("crashes_within('POLYGON EMPTY'::geometry)", "null or empty"),
        ("crashes_within(st_makepoint(-87.6, 41.8))", "A Point has no inside"),
        (f"crashes_within({area}, '2024-02-01', '2024-01-01')", "Swap them"),
        ("crashes_near(null, -87.6, 500)", "are needed"),
    ):
        done = psql(built, f"select * from spatial.{asked}")
        assert word in done.stderr, asked


def test_the_functions_outlive_a_full_refresh_and_an_older_form_of_themselves(
    built: CommandLine, module_database: Database
) -> None:
    """The last of the module: the tables come out as the portal has them, with what had vanished only here."""
    module_database.rows("drop function spatial.report_near(float8, float8, float8, date, date)")
    module_database.rows("create function spatial.report_near(lat text) returns text language sql as 'select lat'")
    module_database.rows("drop function spatial.report_of(text[])")
    module_database.rows("create function spatial.report_of(others text[]) returns text language sql as 'select null'")
    before = module_database.value("select 'spatial.crashes_near'::regproc::oid")
    assert built("transform", "--full-refresh").code == 0
    assert module_database.value("select 'spatial.crashes_near'::regproc::oid") == before
    place = (*LOOP, "26400", None, None)
    truth = Truth(module_database)
    found = truth.near(*place)
    done = built("near", "--lat", LOOP[0], "--lon", LOOP[1], "--radius-feet", "26400", "--json")
    assert done.code == 0, done.err
    assert_same(done.json(), truth.report(set(found)))
    assert module_database.value("select count(*) from pg_proc where proname = 'report_near'") == 1

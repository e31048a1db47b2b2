"""What ran, as dbt shows it: marts.job_executions after a run and a failure, and where there is no ledger to read."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from harness import BIN, ROOT, CommandLine, Database, clean_environment
from sample_portal.testing import RunningPortal

MODELS = "+job_executions"

# dbt as another environment has it, without what scripts/setup puts into ours.
DBT_ALONE = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]


@pytest.fixture(scope="module")
def portal(module_serve: Callable[..., RunningPortal]) -> RunningPortal:
    return module_serve(crashes=40, seed=3)


@pytest.fixture(scope="module")
def ran(module_crashes: CommandLine, module_database: Database, portal: RunningPortal) -> Database:
    """A failure, a run, and one that finds nothing new."""
    secret = {"CHICAGO_API_TOKEN": "tok-planted-1"}
    assert module_crashes("ingest", "--portal", "http://me:pw-planted-2@127.0.0.1:9", env=secret).code == 1
    assert module_crashes("run", "--portal", portal.url).code == 0
    assert module_crashes("run", "--portal", portal.url).code == 0
    return module_database


def test_a_run_is_a_row_with_what_it_did_to_the_rows_and_how_dbt_fared(ran: Database) -> None:
    ((status, command, trigger, seconds, fetched, inserted, nodes, failed, slowest, loads, invocation),) = ran.rows(
        """
        select status, command, trigger_type, seconds, fetched, inserted, dbt_nodes, dbt_nodes_failed, slowest_node,
            dlt_loads, dbt_invocation_id
        from marts.job_executions
        where execution_id = 2
        """
    )
    assert (status, command, trigger, failed, loads) == ("completed", "run", "manual", 0, 1)
    assert 0 < seconds < 600
    assert fetched >= inserted > 40
    assert nodes == ran.value("select count(*) from ops.job_execution_nodes where execution_id = 2") > 20
    longest = "select name from ops.job_execution_nodes where execution_id = 2 order by seconds desc, name limit 1"
    assert slowest == ran.value(longest)
    assert ran.value("select count(*) from ops.model_changes where invocation_id = %s", invocation) > 0


def test_a_failure_has_its_reason_and_its_remedy_and_no_secret(ran: Database) -> None:
    ((error_class, message, remedy, nodes, slowest, loads),) = ran.rows(
        """
        select error_class, error_message, error_remedy, dbt_nodes, slowest_node, dlt_loads
        from marts.job_executions
        where status = 'failed'
        """
    )
    assert error_class == "PortalUnreachableError"
    assert message
    assert remedy
    assert (nodes, slowest, loads) == (0, None, 0)
    assert ran.value("select count(*) from marts.job_executions as shown where shown::text like '%%planted%%'") == 0


def test_executions_start_by_the_clock_of_chicago(ran: Database) -> None:
    assert ran.value(
        "select bool_and(started_at_local = started_at at time zone 'America/Chicago') from marts.job_executions"
    )


def test_a_run_in_progress_is_shown_with_nothing_built_anew(ran: Database) -> None:
    ran.rows("insert into ops.job_executions (command) values ('run')")
    shown = ran.rows(
        "select status, completed_at, seconds, dbt_nodes from marts.job_executions where status = 'running'"
    )
    assert shown == [("running", None, None, 0)]


def test_every_column_has_its_description_in_the_database(ran: Database) -> None:
    bare = ran.rows(
        """
        select attname
        from pg_attribute
        where attrelid = 'marts.job_executions'::regclass and attnum > 0 and col_description(attrelid, attnum) is null
        """
    )
    assert bare == []


def test_the_questions_of_docs_scheduling_are_answered(ran: Database) -> None:
    page = (ROOT / "docs/scheduling.md").read_text(encoding="utf-8")
    (question,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    answers = ran.rows(question)
    assert {job for job, *_ in answers} == {"ingest", "run"}
    assert sum(not_completed for _, _, not_completed, *_ in answers) >= 1


def run(command: list[str], database: Database, home: Path, dbt_target: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **clean_environment(),
        **database.env(),
        "CRASHES_HOME": str(home),
        "DBT_TARGET_PATH": str(dbt_target),
        "DBT_LOG_PATH": str(home),
    }
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_where_there_is_no_ledger_the_models_are_empty_and_of_the_same_shape(
    database: Database, tmp_path: Path, dbt_target: Path, portal: RunningPortal
) -> None:
    """First dbt by itself, then ours, which brings the ledger: a view with other columns would have to be dropped."""
    landed = run([sys.executable, "-m", "ingest", "--portal", portal.url], database, tmp_path, dbt_target)
    assert landed.returncode == 0, landed.stderr
    alone = run([*DBT_ALONE, "build", "--select", MODELS], database, tmp_path, dbt_target)
    assert alone.returncode == 0, alone.stdout
    assert database.value("select to_regclass('ops.job_executions')") is None
    assert database.value("select count(*) from marts.job_executions") == 0
    before = shape(database)
    database.rows("create view public.of_a_user as select * from marts.job_executions")

    ours = run([str(BIN / "dbt"), "build", "--select", MODELS], database, tmp_path, dbt_target)
    assert ours.returncode == 0, ours.stdout
    database.rows("insert into ops.job_executions (command) values ('run')")
    assert database.rows("select command, status from public.of_a_user") == [("run", "running")]
    assert shape(database) == before


def test_a_ledger_that_another_thread_still_lists_is_not_taken_for_none(
    ran: Database, tmp_path: Path, dbt_target: Path
) -> None:
    """dbt notes the relations of a schema one after the other, and calls the schema known from the first on."""
    asked = """
        {%- do adapter.cache_added(
            api.Relation.create(database=target.database, schema='ops', identifier='dead_letters', type='table')
        ) -%}
        select * from {{ or_empty(source('ops', 'job_executions'), ['command']) }}
    """
    told = run([str(BIN / "dbt"), "--quiet", "compile", "--inline", asked], ran, tmp_path, dbt_target)
    assert told.returncode == 0, told.stdout
    assert '"ops"."job_executions"' in told.stdout
    assert "absent" not in told.stdout


def shape(database: Database) -> list[tuple[str, str, str]]:
    return database.rows(
        """
        select attrelid::regclass::text, attname, format_type(atttypid, atttypmod)
        from pg_attribute
        where attnum > 0 and attrelid in (
            'marts.job_executions'::regclass,
            'staging.stg_operations__job_executions'::regclass,
            'staging.stg_operations__job_execution_nodes'::regclass
        )
        order by 1, attnum
        """
    )


def test_dbt_asks_nothing_of_a_ledger_from_the_future(database: Database, tmp_path: Path, dbt_target: Path) -> None:
    """As `crashes` does: what it would read there is not known."""
    database.rows("create schema ops; create table ops.schema_migrations (version integer, name text, sha256 text)")
    database.rows("insert into ops.schema_migrations values (999, 'from_the_future', '')")
    refused = run([str(BIN / "dbt"), "compile"], database, tmp_path, dbt_target)
    assert refused.returncode == 2
    assert refused.stderr.startswith("Error: The ledger of this database is at version 999")
    assert "git pull" in refused.stderr


def test_dbt_tells_in_a_sentence_that_no_database_answers(database: Database, tmp_path: Path, dbt_target: Path) -> None:
    away = replace(database, host="127.0.0.1", port=9)
    refused = run([str(BIN / "dbt"), "compile"], away, tmp_path, dbt_target)
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: No database answers on 127.0.0.1:9")
    assert "Traceback" not in refused.stderr


def test_the_staging_view_does_not_keep_the_ledger_from_growing(ran: Database) -> None:
    """Migrations add columns while the views are there."""
    ran.rows("alter table ops.job_executions add column of_tomorrow text")
    assert ran.value("select count(*) from marts.job_executions") >= 3
    with pytest.raises(psycopg2.errors.DependentObjectsStillExist):
        ran.rows("alter table ops.job_executions drop column command")

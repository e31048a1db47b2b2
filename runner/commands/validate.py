"""`crashes validate`: are the tables what they should be?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from runner import logs
from runner.commands.options import dataset_option, json_option, wait_option
from runner.commands.results import table
from runner.ledger.execution import recorded
from runner.masking import Masking
from runner.progress import display, draws_bars
from runner.report import describe_error
from runner.settings import load_settings
from runner.terminal import print_json

if TYPE_CHECKING:
    from runner.building.validation import Finding, ValidationReport

WIDEST = 160


@click.command(short_help="Ask every data test about all rows, and show what is at fault.")
@dataset_option
@wait_option
@json_option
def validate(datasets: tuple[str, ...], wait: bool, as_json: bool) -> None:
    """Ask the data tests of every tier (structure, domain, cross-table, portal) about all rows of the tables.

    Shows what failed, the first rows at fault, and where the rest is. Changes nothing. Exit code 4 if a test failed.
    """
    from runner.work import validate_tables  # noqa: PLC0415 - dbt takes two seconds to import

    settings = load_settings()
    logs.set_up(settings, bars=draws_bars(settings))
    with recorded(settings, "validate", {"datasets": datasets}, wait=wait) as execution:
        with display(settings) as shown:
            report = validate_tables(datasets, settings, execution, shown)
        _show(report, execution.execution_id, as_json, Masking.of(settings.secrets()))
        if report.problem is not None:
            raise report.problem


def _show(report: ValidationReport, execution_id: int, as_json: bool, masking: Masking) -> None:
    if as_json:
        told = {
            "execution_id": execution_id,
            "tests": [asdict(found) for found in report.findings],
            "rules": report.rules,
            "error": report.problem and describe_error(report.problem),
        }
        print_json(masking.value(told))
        return
    for found in report.findings:
        if found.status != "pass":
            _show_finding(found, masking)
    if report.rules:
        click.echo("\nRules that rows break now (quality.rule_violations has each of them):")
        columns = {"rule": "left", "severity": "left", "rows": "right", "what must be true": "left"}
        table(columns, [[each["rule"], each["severity"], each["rows"], each["sentence"]] for each in report.rules])
    count = {status: sum(found.status == status for found in report.findings) for status in ("pass", "warn", "fail")}
    click.echo(
        f"\n{len(report.findings)} data tests: {count['pass']} passed, {count['warn']} warn, {count['fail']} failed."
    )


def _show_finding(found: Finding, masking: Masking) -> None:
    word = click.style(
        "FAILED" if found.status == "fail" else "WARNS", fg="red" if found.status == "fail" else "yellow"
    )
    click.echo(f"\n{word}  {found.test} ({found.tier}): {found.rows:,} rows, in {found.stored_in}")
    click.echo(f"  {found.description}")
    for row in found.first_rows:
        line = masking.text(_line(row))
        click.echo(f"    {line if len(line) <= WIDEST else line[: WIDEST - 1] + '…'}")


def _line(row: dict[str, Any]) -> str:
    return "  ".join(
        f"{name}={json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value}"
        for name, value in row.items()
        if value is not None
    )

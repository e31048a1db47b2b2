"""How the answer to a question about a place looks on a terminal."""

from __future__ import annotations

from typing import Any

import click

from runner.commands.results import table
from runner.questions.asking import Question

MONTHS = 24  # on a terminal; --json has all
_COUNTS = {"hurt": "injured", "killed": "killed"}


def show_report(question: Question, report: dict[str, Any]) -> None:
    """A summary, and a table each for classes of injury, people, causes and months."""
    days = _days(report)
    if report["crashes"] == 0:
        click.echo(f"No crash {question.place}{days}.")
        return
    size = f" ({report['square_miles']:,} square miles)" if "square_miles" in report else ""
    click.echo(f"{_crashes(report['crashes'])} {question.place}{size}{days}; {report['hit_and_run']:,} hit and run.")
    hurt = ", ".join(f"{who} {report[f'{who}_injured']:,}" for who in ("children", "pedestrians", "cyclists"))
    click.echo(
        f"{report['people']:,} people in {report['units']:,} units; hurt {report['injured']:,} (killed "
        f"{report['killed']:,}), among them {hurt}."
    )
    click.echo(
        f"Cost to society: ${report['total_cost']:,} of 2024 (economic ${report['economic_cost']:,}, quality of life "
        f"${report['quality_of_life_cost']:,})."
    )
    click.echo()
    _show_classes(report["kabco"])
    _show({"person type": "person_type", "people": "people", **_COUNTS}, report["people_by_type"])
    _show({"cause": "prim_contributory_cause", "crashes": "crashes", **_COUNTS}, report["causes"])
    months = report["months"]
    _show({"month": "month", "crashes": "crashes", **_COUNTS}, months[-MONTHS:])
    if len(months) > MONTHS:
        click.echo(f"The last {MONTHS} of {len(months)} months; --json has all.")


def _show_classes(classes: list[dict[str, Any]]) -> None:
    """Money is drawn as text, for its sign."""
    costs = ("economic_cost", "quality_of_life_cost", "total_cost")
    rows = [
        [
            each["kabco"],
            each["injury_classification"] or "(unknown)",
            each["people"],
            *(f"${each[cost]:,}" for cost in costs),
        ]
        for each in classes
    ]
    sides = {"KABCO": "left", "injury": "left", "people": "right"}
    table(sides | dict.fromkeys(("economic", "quality of life", "total"), "right"), rows)


def _show(columns: dict[str, str], rows: list[dict[str, Any]]) -> None:
    click.echo()
    first = next(iter(columns))
    sides = {name: "left" if name == first else "right" for name in columns}
    table(sides, [[row[key] for key in columns.values()] for row in rows])


def _days(report: dict[str, Any]) -> str:
    since = f" from {report['from']}" if report["from"] else ""
    until = f" to {report['to']}" if report["to"] else ""
    return f",{since}{until}" if since or until else ""


def _crashes(count: int) -> str:
    return f"{count:,} crash{'es' if count != 1 else ''}"

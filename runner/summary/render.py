"""A summary as words: subject, plain text and HTML. The templates say what stands where, this how a value looks."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from rich.console import Console
from rich.table import Table

from runner.jobs.recurrence import CHICAGO
from runner.summary.condition import FailedExecution
from runner.summary.figures import FEWEST_DAYS, PLACE_DAYS, USUAL_WEEKS, WEIGHTS, Figure, Summary

WIDTH = 78
LABELS = {
    "crashes": "Crashes",
    "injured": "Injured",
    "incapacitated": "Badly injured",
    "killed": "Killed",
}


def subject(summary: Summary) -> str:
    """With the figures in it, so that a glance at the list of mails is enough; short, so that it is on one line."""
    crashes, injured, killed = (summary.figure(name).value for name in ("crashes", "injured", "killed"))
    happened = f"{number(crashes)} crash" if crashes == 1 else f"{number(crashes)} crashes"
    told = f"{happened}, {number(injured)} injured, {number(killed)} killed" if summary.reported else "no report yet"
    return f"Chicago, {summary.day:%a} {summary.day.day} {summary.day:%b %Y}: {told}"


def text(summary: Summary) -> str:
    return _environment().get_template("summary.txt.j2").render(_words(summary))


def html(summary: Summary) -> str:
    return _environment().get_template("summary.html.j2").render(_words(summary))


def number(value: float | None) -> str:
    """A count, or a mean with one decimal."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def change(figure: Figure) -> str:
    """Against the usual: a percentage, or a multiple where that is easier to grasp."""
    if figure.ratio is None:
        return "-"
    if figure.ratio >= 2:
        return f"{figure.ratio:,.1f} times"
    percent = round(100 * (figure.ratio - 1))
    return f"{percent:+d} %" if percent else "as usual"


def day(value: date) -> str:
    return f"{value:%A}, {value.day} {value:%B %Y}"


def moment(value: datetime | None) -> str:
    """An instant on Chicago's clock; a time without a zone is of that clock already."""
    if value is None:
        return "-"
    return f"{value.astimezone(CHICAGO) if value.tzinfo else value:%Y-%m-%d %H:%M}"


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """An aligned table in plain text, folded where a value is wider than a mail."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(head))
    for place, name in enumerate(head):
        table.add_column(name, justify="left" if place in left else "right", overflow="fold", no_wrap=False)
    for row in rows:
        table.add_row(*row)
    shown = io.StringIO()
    Console(file=shown, width=WIDTH, color_system=None, markup=False, emoji=False, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in shown.getvalue().splitlines())


def failure(each: FailedExecution) -> str:
    """A failed execution as one sentence."""
    what = f"{each.job} (crashes {each.command})" if each.job else f"crashes {each.command}"
    said = f": {each.error_message}" if each.error_message else ""
    return f"{moment(each.ended_at)}  {what}, execution {each.execution_id}, {each.status.replace('_', ' ')}{said}"


def _words(summary: Summary) -> dict[str, object]:
    return {
        "summary": summary,
        "condition": summary.condition,
        "subject": subject(summary),
        "rows": _rows(summary),
        "labels": LABELS,
        "weekday": f"{summary.day:%A}",
        "weeks": USUAL_WEEKS,
        "fewest_days": FEWEST_DAYS,
        "place_days": PLACE_DAYS,
        "weights_said": f"Weight: each crash with a death counts {WEIGHTS[5]}, with a bad injury {WEIGHTS[4]}, with a "
        f"visible one {WEIGHTS[3]}, with one that was only told of {WEIGHTS[2]}, others 0.",
    }


def _rows(summary: Summary) -> dict[str, list[list[str]]]:
    """What the tables of both forms hold, cell by cell."""
    told = summary.condition
    return {
        "figures": [
            [LABELS[each.name], number(each.value), number(each.usual), change(each)]
            if summary.reported
            else [LABELS[each.name], "-", number(each.usual), "-"]
            for each in summary.figures
        ],
        "severe": [
            [f"{each.at:%H:%M}", each.place, number(each.injured), number(each.killed)] for each in summary.severe
        ],
        "places": [
            [each.place, number(each.crashes), number(each.injured), number(each.killed), number(each.weight)]
            for each in summary.places
        ],
        "rules": [[number(each.violations), each.rule, each.sentence] for each in told.rules],
        "rules_in_two": [[number(each.violations), f"{each.rule}\n{each.sentence}"] for each in told.rules],
        "freshness": [
            [each.dataset.replace("_", " "), moment(each.newest_crash), moment(each.published), moment(each.last_load)]
            for each in told.freshness
        ],
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("runner.summary"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), disabled_extensions=("txt.j2",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: tuple[Callable[..., str], ...] = (number, change, day, moment, failure)
    environment.filters.update({each.__name__: each for each in filters})
    environment.globals["columns"] = columns
    return environment

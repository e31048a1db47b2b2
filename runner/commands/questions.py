"""`crashes near` and `crashes within`: what happened at a place, whom it hurt, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click

from runner.commands.options import Day, F, json_option
from runner.commands.question_views import show_report
from runner.errors import WrongUsageError
from runner.ledger.execution import ledger
from runner.ledger.session import LedgerSession
from runner.questions import forms
from runner.questions.asking import Question, area_of_feature, area_of_polygons, check_built, crashes, report
from runner.questions.asking import near as asked_near
from runner.questions.asking import within as asked_within
from runner.questions.geojson import called, polygons_of
from runner.settings import load_settings

FORMS = ("table", "json", "csv", "geojson", "geoparquet", "flatgeobuf")


def answer_options(command: F) -> F:
    """What the two questions have in common."""
    options: list[Callable[[F], F]] = [
        click.option("--from", "since", type=Day(), help="First day, included. Default: from the first crash on."),
        click.option("--to", "until", type=Day(), help="Last day, included. Default: up to the newest crash."),
        click.option(
            "--format",
            "form",
            type=click.Choice(FORMS),
            default="table",
            show_default=True,
            help="table and json sum up; the others hold each crash.",
        ),
        json_option,
        click.option("--output", type=click.Path(path_type=Path), help="Write to this file instead of stdout."),
        click.option("--force", is_flag=True, help="Overwrite it."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command(short_help="Crashes up to so many feet from a point: people, injuries, costs, causes, months.")
@click.option("--lat", type=float, required=True, help="Latitude, in degrees: 41.6 to 42.1.")
@click.option("--lon", type=float, required=True, help="Longitude, in degrees, negative in Chicago: -87.95 to -87.5.")
@click.option("--radius-feet", type=float, required=True, help="More than 0, up to 26400 (5 miles).")
@answer_options
def near(
    lat: float,
    lon: float,
    radius_feet: float,
    since: date | None,
    until: date | None,
    form: str,
    as_json: bool,
    output: Path | None,
    force: bool,
) -> None:
    """What happened near a point. The same in SQL: spatial.report_near, spatial.crashes_near."""
    form = _form(form, as_json)
    with _asking(form, output, force, since, until) as session:
        _answer(session, asked_near(lat, lon, radius_feet, since, until), form, output)


@click.command(short_help="Crashes within a polygon, or a feature of a layer: people, injuries, costs, causes, months.")
@click.option("--geojson", metavar="FILE", help="Polygons: a geometry, Feature or FeatureCollection; - for stdin.")
@click.option("--layer", help="Instead: a layer, by its name or id: see `crashes layers list`.")
@click.option("--feature", help="The feature of the layer, by its label.")
@answer_options
def within(
    geojson: str | None,
    layer: str | None,
    feature: str | None,
    since: date | None,
    until: date | None,
    form: str,
    as_json: bool,
    output: Path | None,
    force: bool,
) -> None:
    """What happened within an area. The same in SQL: spatial.report_within, spatial.crashes_within."""
    form = _form(form, as_json)
    if (geojson is None) == (layer is None and feature is None) or (layer is None) != (feature is None):
        raise WrongUsageError(
            "One area is asked about at a time.",
            remedy="Give either --geojson FILE, or --layer NAME and --feature LABEL.",
        )
    polygons = polygons_of(geojson) if geojson is not None else []
    with _asking(form, output, force, since, until) as session:
        if geojson is not None:
            place, area = f"within {called(geojson)}", area_of_polygons(session, called(geojson), polygons)
        else:
            place, area = f"within {feature} of {layer}", area_of_feature(session, str(layer), str(feature))
        _answer(session, asked_within(place, area, since, until), form, output)


def _form(form: str, as_json: bool) -> str:
    if as_json and form not in ("table", "json"):
        raise WrongUsageError(f"--json and --format {form} are two forms of one answer.", remedy="Ask for one of them.")
    return "json" if as_json else form


@contextmanager
def _asking(
    form: str, output: Path | None, force: bool, since: date | None, until: date | None
) -> Iterator[LedgerSession]:
    """A database that can answer, once the answer has a place to go to."""
    if since and until and since > until:
        raise WrongUsageError(f"--from {since} is after --to {until}.", remedy="Swap them: both days are included.")
    forms.check_output(form, output, force=force)
    with ledger(load_settings()) as session:
        check_built(session)
        yield session


def _answer(session: LedgerSession, question: Question, form: str, output: Path | None) -> None:
    if form == "table":
        show_report(question, report(session, question))
    elif form == "json":
        _tell(json.dumps(report(session, question), indent=2, ensure_ascii=False) + "\n", output)
    else:
        found = crashes(session, question)
        if output is not None:
            forms.WRITERS[form](found, output)
            click.echo(f"{len(found.rows):,} crashes are in {output}.", err=True)
        else:
            _tell(forms.as_csv(found) if form == "csv" else forms.as_geojson(found), None)


def _tell(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        forms.write_text(text, output)
        click.echo(f"The answer is in {output}.", err=True)

"""Calls the functions of the schema `spatial`. What they refuse becomes a sentence; what they mean is theirs to say."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg2
from psycopg2 import errorcodes, sql

from runner.errors import NothingBuiltError, WrongUsageError
from runner.ledger.session import LedgerSession

# Of each crash, in files: what the function says of it, and what marts.crashes says besides.
BESIDES = (
    "first_crash_type",
    "prim_contributory_cause",
    "injuries_total",
    "injuries_fatal",
    "hit_and_run_i",
    "latitude",
    "longitude",
)
NOT_GEOMETRIES = (psycopg2.InternalError, psycopg2.DataError)  # as PostGIS says it

# GeoJSON polygons: the first that is invalid, and why; or else all of them as one area.
READ_POLYGONS = """
    with read as materialized (
        select place, st_setsrid(st_force2d(st_geomfromgeojson(said)), 4326) as geom
        from unnest(%s) with ordinality as given (said, place)
    ),

    fault as (
        select place, st_isvalidreason(geom) as reason from read where not st_isvalid(geom) order by place limit 1
    )

    select fault.place, fault.reason, case when fault.place is null then (select st_union(geom)::text from read) end
    from (values (1)) as one
    left join fault on true
"""


@dataclass(frozen=True)
class Question:
    """Which pair of functions is asked, `crashes_…` and `report_…`, with what; how a person would call the place."""

    function: str
    place: str
    arguments: tuple[Any, ...]
    types: tuple[str, ...]
    says: tuple[str, ...]
    since: date | None
    until: date | None

    def call(self, kind: str) -> sql.Composed:
        types = (*self.types, "date", "date")
        return sql.SQL("spatial.{}({})").format(
            sql.Identifier(f"{kind}_{self.function}"),
            sql.SQL(", ").join(sql.SQL(f"%s::{name}") for name in types),
        )

    @property
    def parameters(self) -> list[Any]:
        return [*self.arguments, self.since, self.until]


@dataclass(frozen=True)
class Crashes:
    """Rows of `columns`, and the point of each as WKB, in EPSG:4326."""

    columns: list[str]
    rows: list[list[Any]] = field(repr=False)
    points: list[bytes] = field(repr=False)


def near(lat: float, lon: float, radius_feet: float, since: date | None, until: date | None) -> Question:
    """Up to so many feet from a point."""
    place = f"up to {radius_feet:,g} feet from {lat}, {lon}"
    types = ("double precision",) * 3
    said = ("crash_record_id", "crash_at_local", "severity_score", "metres")
    return Question("near", place, (lat, lon, radius_feet), types, said, since, until)


def within(place: str, area: str, since: date | None, until: date | None) -> Question:
    """In an area, which is WKB in hexadecimal digits."""
    said = ("crash_record_id", "crash_at_local", "severity_score")
    return Question("within", place, (area,), ("geometry",), said, since, until)


def report(session: LedgerSession, question: Question) -> dict[str, Any]:
    """The whole answer, as SQL gives it. Raises WrongUsageError for a place that cannot be meant."""
    with refusals():
        ((answer,),) = session.execute(sql.SQL("select {}").format(question.call("report")), question.parameters)
    return dict(answer)


def crashes(session: LedgerSession, question: Question) -> Crashes:
    """Each crash, in the order of the function: the nearest or the oldest first."""
    query = sql.SQL(
        "select {said}, {besides}, st_asbinary(found.geom) from {call} with ordinality as found ({names}, geom, place) "
        "inner join marts.crashes on found.crash_record_id = crashes.crash_record_id order by found.place"
    ).format(
        said=_columns("found", question.says),
        besides=_columns("crashes", BESIDES),
        call=question.call("crashes"),
        names=sql.SQL(", ").join(map(sql.Identifier, question.says)),
    )
    with refusals():
        rows = session.execute(query, question.parameters)
    return Crashes([*question.says, *BESIDES], [list(row[:-1]) for row in rows], [bytes(row[-1]) for row in rows])


def check_built(session: LedgerSession) -> None:
    """Raises NothingBuiltError while there are no tables, or none of the functions yet."""
    tables, functions = session.execute(
        "select to_regclass('marts.crash_impacts'), to_regprocedure('spatial.report_of(text[])')"
    )[0]
    if tables is None:
        raise NothingBuiltError("There are no tables to look in yet.", remedy="Run `crashes run` first.")
    if functions is None:
        raise NothingBuiltError(
            "The tables are there, but not the functions that look in them.", remedy="Run `crashes transform` first."
        )


def area_of_polygons(session: LedgerSession, name: str, polygons: Sequence[dict[str, Any]]) -> str:
    """GeoJSON polygons as one area. Raises WrongUsageError where one is invalid, and says why."""
    try:
        ((place, reason, area),) = session.execute(READ_POLYGONS, [[json.dumps(polygon) for polygon in polygons]])
    except NOT_GEOMETRIES as error:
        raise WrongUsageError(
            f"{name} has a polygon that cannot be read: {_first_line(error)}.",
            remedy="Give each ring at least four positions, [longitude, latitude], the last equal to the first.",
        ) from error
    if reason is not None:
        which = f"Polygon {place} of {name}" if len(polygons) > 1 else f"The polygon of {name}"
        raise WrongUsageError(f"{which} is invalid: {reason}.", remedy="Repair it where it was drawn, then ask again.")
    return str(area)


def area_of_feature(session: LedgerSession, layer: str, feature: str) -> str:
    """The area of a layer's feature. Raises WrongUsageError with names that are like it, where there is none."""
    try:
        ((area,),) = session.execute("select spatial.feature_area(%s, %s)::text", [layer, feature])
    except psycopg2.errors.UndefinedObject as error:
        remedy = _names_like(session, layer, feature) or str(error.diag.message_hint)
        raise WrongUsageError(str(error.diag.message_primary), remedy=remedy) from error
    return str(area)


@contextmanager
def refusals() -> Iterator[None]:
    """What a function refuses is the user's to mend; its own words say how."""
    try:
        yield
    except psycopg2.Error as error:
        if error.pgcode != errorcodes.INVALID_PARAMETER_VALUE or not error.diag.message_hint:
            raise
        raise WrongUsageError(str(error.diag.message_primary), remedy=error.diag.message_hint) from error


def _names_like(session: LedgerSession, layer: str, feature: str) -> str | None:
    if session.execute("select to_regclass('spatial.features')") == [(None,)]:
        return None
    layers = {
        called: layer_id
        for layer_id, name in session.execute(
            "select distinct layer_id, lower(layers.name) from spatial.features "
            "left join spatial.layers using (layer_id) order by layer_id"
        )
        for called in (name, layer_id)
        if called is not None
    }
    if (known := layer.strip().lower()) not in layers:
        near = difflib.get_close_matches(known, layers, n=1)
        return f"Did you mean --layer {layers[near[0]]}?" if near else None
    labels = [
        str(label)
        for (label,) in session.execute(
            "select label from spatial.features where layer_id = %s order by length(label), label", [layers[known]]
        )
    ]
    lowered = {label.lower(): label for label in labels}
    similar = difflib.get_close_matches(feature.strip().lower(), lowered, n=3, cutoff=0.5)
    if similar:
        return f"Did you mean {', '.join(repr(lowered[label]) for label in similar)}?"
    shown = ", ".join(labels[:10])
    return f"It has {shown}{f' and {len(labels) - 10} more' if len(labels) > 10 else ''}."


def _columns(table: str, names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(table, name) for name in names)


def _first_line(error: psycopg2.Error) -> str:
    return (error.diag.message_primary or str(error)).splitlines()[0].strip().rstrip(".")

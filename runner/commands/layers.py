"""`crashes layers`: named sets of polygons, lines or points of one's own, and the crashes in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ingest.datasets import all_boundaries
from runner import logs
from runner.commands.options import F, json_option, wait_option
from runner.commands.results import table as show_table
from runner.errors import WrongUsageError
from runner.layers import all_layers, built_for, counts, features, field_names, find
from runner.ledger.execution import ledger, recorded
from runner.ledger.session import LedgerSession
from runner.progress import display, draws_bars
from runner.settings import load_settings
from runner.terminal import print_json

if TYPE_CHECKING:
    from ingest.layer import Layer
    from ingest.layer_files import LayerFile

FILE = click.Path(path_type=Path)
LONGEST_NAME = 200
Change = Callable[["Layer"], "Layer"]


@click.group(short_help="Layers: areas, lines and points of your own, and the crashes in them.")
def layers() -> None:
    """Layers are named sets of polygons, lines or points, from GeoJSON, a zipped shapefile or a GeoPackage.

    Each crash is assigned to the polygon that it is in, of every layer in use: spatial.crash_features.
    """


def said_options(command: F) -> F:
    """What may be said of a layer."""
    options: list[Callable[[F], F]] = [
        click.option("--description", help="What it is."),
        click.option("--label-field", help="The field by which its features are called; see preview."),
        click.option("--sort", "sort_type", type=click.Choice(["alphabetic", "numeric", "natural"]), help="Order."),
        click.option("--city-wide/--not-city-wide", default=None, help="Does every crash have a place in it?"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def table_option(command: F) -> F:
    return click.option("--table", help="Which table of a GeoPackage that has several.")(command)


@layers.command(short_help="What is in a file, before it is added.")
@click.argument("file", type=FILE)
@table_option
@json_option
def preview(file: Path, table: str | None, as_json: bool) -> None:
    """Fields with their types and sample values, geometry, coordinate system, and the label that suggests itself."""
    from ingest.layer_files import suggested_label  # noqa: PLC0415 - GDAL takes a moment to load

    read = _read(file, table)
    label = suggested_label(read)
    if as_json:
        fields = [asdict(each) for each in read.fields]
        print_json({**_measures(read), "fields": fields, "suggested_label": label})
        return
    for name, value in _measures(read).items():
        click.echo(f"{name.replace('_', ' '):18} {value}")
    rows = [
        [each.name + ("  ← label" if each.name == label else ""), each.type, ", ".join(each.sample)]
        for each in read.fields
    ]
    show_table({"field": "left", "type": "left", "for example": "left"}, rows)


@layers.command(short_help="Make a layer of a file.")
@click.argument("file", type=FILE)
@click.option("--name", required=True, help="What to call it.")
@said_options
@table_option
@wait_option
@json_option
def add(file: Path, name: str, table: str | None, wait: bool, as_json: bool, **said: Any) -> None:
    """Land a layer and assign every crash to it."""
    from ingest.layer import new_layer, slug  # noqa: PLC0415
    from ingest.layer_files import suggested_label  # noqa: PLC0415

    _check_name(name)
    read = _read(file, table)
    label = _label(read, said.pop("label_field")) or suggested_label(read)
    layer = new_layer(read, name, label, **{key: value for key, value in said.items() if value is not None})
    with ledger(load_settings()) as session:
        if any(slug(name) in (slug(other.name), other.layer_id) for other in all_layers(session)):
            raise WrongUsageError(
                f"There is a layer {name!r} already, or one whose name is the same in SQL ({slug(name)}).",
                remedy="Choose another name; or give that one new features: crashes layers replace.",
            )
    _land("layers add", layer, read, wait=wait, as_json=as_json)


@layers.command("list", short_help="The layers there are.")
@json_option
def list_layers(as_json: bool) -> None:
    """The layers there are, and whether crashes are assigned to them."""
    with ledger(load_settings()) as session:
        found = all_layers(session)
    if as_json:
        print_json([_shown(layer) for layer in found])
    elif not found:
        click.echo("There are no layers: crashes layers add FILE --name … makes one.")
    else:
        columns = {"layer": "left", "in SQL": "left", "geometry": "left", "features": "right", "in use": "left"}
        rows = [[each.name, each.layer_id, each.geometry_type, each.feature_count, each.active] for each in found]
        show_table(columns, rows)


@layers.command(short_help="A layer, its features, and how many crashes are in each.")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """A layer, its features, and how many crashes are in each."""
    with ledger(load_settings()) as session:
        layer = find(session, name)
        told, rows = counts(session, layer), features(session, layer)
    if as_json:
        labels = ("label", "square_miles", "crashes")
        print_json({**_shown(layer), **told, "labelled": [dict(zip(labels, row, strict=True)) for row in rows]})
        return
    for key, value in {**_shown(layer), **told}.items():
        click.echo(f"{key.replace('_', ' '):18} {value}")
    if rows:
        show_table({"label": "left", "square miles": "right", "crashes": "right"}, [list(row) for row in rows])


@layers.command(short_help="Say other things of a layer.")
@click.argument("name")
@click.option("--name", "new_name", help="Call it this. What SQL calls it stays.")
@said_options
@wait_option
@json_option
def edit(name: str, new_name: str | None, wait: bool, as_json: bool, **said: Any) -> None:
    """Change what is said of a layer. Other labels, another order or another reach are computed in the same job."""
    with ledger(load_settings()) as session:
        layer = find(session, name)
        if new_name is not None:
            _check_name(new_name)
            if any(other.name.lower() == new_name.lower() for other in all_layers(session) if other != layer):
                raise WrongUsageError(f"There is a layer {new_name!r} already.", remedy="Choose another name.")
        if said["label_field"] is not None:
            _check_label_is_there(session, layer, said["label_field"])
    given = {key: value for key, value in {"name": new_name, **said}.items() if value is not None}
    changed = replace(layer, **given)
    if changed == layer:
        raise WrongUsageError("Nothing would change.", remedy="See `crashes layers edit --help`.")
    _land("layers edit", changed, None, wait=wait, as_json=as_json)


@layers.command("replace", short_help="Give a layer the features of another file.")
@click.argument("name")
@click.argument("file", type=FILE)
@click.option("--label-field", help="The field by which its features are called, if another.")
@table_option
@wait_option
@json_option
def replace_features(
    name: str, file: Path, label_field: str | None, table: str | None, wait: bool, as_json: bool
) -> None:
    """Give a layer the features of another file, at one moment; the crashes are assigned anew in the same job."""
    from ingest.layer import with_features_of  # noqa: PLC0415

    with ledger(load_settings()) as session:
        layer = find(session, name)
    read = _read(file, table)
    label = _label(read, label_field or layer.label_field)
    _land("layers replace", replace(with_features_of(layer, read), label_field=label), read, wait=wait, as_json=as_json)


def _switch(name: str, *, active: bool, wait: bool, as_json: bool) -> None:
    with ledger(load_settings()) as session:
        layer = find(session, name)
    if layer.active == active:
        state = "in use" if active else "out of use"
        raise WrongUsageError(f"The layer {layer.name!r} is {state} already.", remedy="There is nothing to do.")
    verb = "activate" if active else "deactivate"
    _land(f"layers {verb}", replace(layer, active=active), None, wait=wait, as_json=as_json)


@layers.command(short_help="Assign crashes to a layer again.")
@click.argument("name")
@wait_option
@json_option
def activate(name: str, wait: bool, as_json: bool) -> None:
    """Assign crashes to a layer again."""
    _switch(name, active=True, wait=wait, as_json=as_json)


@layers.command(short_help="Keep a layer, but assign no crashes to it.")
@click.argument("name")
@wait_option
@json_option
def deactivate(name: str, wait: bool, as_json: bool) -> None:
    """Keep a layer, but assign no crashes to it."""
    _switch(name, active=False, wait=wait, as_json=as_json)


@layers.command(short_help="Remove a layer. What was landed of it stays in raw.")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@wait_option
@json_option
def remove(name: str, yes: bool, wait: bool, as_json: bool) -> None:
    """Remove a layer, its features and the crashes' places in it. What was landed of it stays in raw."""
    with ledger(load_settings()) as session:
        layer = find(session, name)
    if layer.layer_id in all_boundaries():
        raise WrongUsageError(
            f"{layer.name} is one of the City's own boundaries: the next `crashes boundaries` would bring it back.",
            remedy=f"Put it out of use instead: crashes layers deactivate {layer.layer_id}",
        )
    if not yes:
        click.confirm(f"Remove the layer {layer.name!r} with its {layer.feature_count} features?", abort=True, err=True)
    _land("layers remove", replace(layer, removed=True), None, wait=wait, as_json=as_json)


@layers.command(short_help="Write a layer to a file.")
@click.argument("name")
@click.option("--output", required=True, type=FILE, help="A .geojson, .gpkg or .fgb file.")
@click.option("--force", is_flag=True, help="Overwrite it.")
def export(name: str, output: Path, force: bool) -> None:
    """Write the features of a layer to a file, in EPSG:4326, with their properties and their labels."""
    from runner.layer_export import write_layer  # noqa: PLC0415

    with ledger(load_settings()) as session:
        layer = find(session, name)
        written = write_layer(session, layer, output, force=force)
    click.echo(f"{written:,} features of {layer.name} are in {output}.")


def _land(command: str, layer: Layer, read: LayerFile | None, *, wait: bool, as_json: bool) -> None:
    """On record: the package, and what follows from it in the tables. Before the first run only the package."""
    from ingest.layers import land_layer  # noqa: PLC0415 - dlt takes a second to import
    from runner.building.transform import TransformRequest  # noqa: PLC0415
    from runner.work import build_tables  # noqa: PLC0415

    settings = load_settings()
    logs.set_up(settings, bars=draws_bars(settings))
    parameters = {key: value for key, value in asdict(layer).items() if key != "description"}
    with recorded(settings, command, parameters, wait=wait) as execution, display(settings) as shown:
        execution.context["dlt_load_ids"] = land_layer(settings, layer, read)
        execution.save()
        built = execution.session.execute("select to_regclass('marts.crashes')") != [(None,)]
        if built:
            build_tables(TransformRequest(built_for(layer)), settings, execution, shown)
        told = counts(execution.session, layer) if built and not layer.removed else {}
    if as_json:
        print_json({"execution_id": execution.execution_id, **_shown(layer), **told})
        return
    if not built:
        click.echo(f"{layer.name} is landed. There are no crashes yet: the next `crashes run` assigns them.")
        return
    click.echo(f"{layer.name}: done, on record as execution {execution.execution_id}.")
    if told:
        crashes = ", ".join(f"{count:,} {how}" for how, count in told["crashes"].items()) or "none"
        repaired = f", {told['repaired']} of them repaired" if told["repaired"] else ""
        click.echo(f"{told['features']} features{repaired}, {told['square_miles']:,} square miles. Crashes: {crashes}.")


def _read(file: Path, table: str | None) -> LayerFile:
    from ingest.layer_files import read_layer_file  # noqa: PLC0415 - GDAL takes a moment to load

    return read_layer_file(file, table=table)


def _label(read: LayerFile, field: str | None) -> str | None:
    names = [each.name for each in read.fields]
    if field is not None and field not in names:
        raise WrongUsageError(
            f"{read.name} has no field {field[:60]!r}.",
            remedy=f"Give --label-field one of: {', '.join(names) or 'none there are'}.",
        )
    return field


def _check_label_is_there(session: LedgerSession, layer: Layer, field: str) -> None:
    names = field_names(session, layer)
    if field not in names:
        raise WrongUsageError(
            f"The features of {layer.name!r} have no field {field[:60]!r}.",
            remedy=f"They have: {', '.join(names) or 'none'}.",
        )


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise WrongUsageError(
            f"{name[:40]!r}{'…' if len(name) > 40 else ''} is no name for a layer.",
            remedy=f"Use one line of at most {LONGEST_NAME} characters, such as 'School zones'.",
        )


def _measures(read: LayerFile) -> dict[str, Any]:
    return {
        "file": read.name,
        "format": read.format,
        "geometry": read.geometry_type,
        "source_srid": read.source_srid,
        "features": read.feature_count,
        "without_geometry": read.without_geometry,
    }


def _shown(layer: Layer) -> dict[str, Any]:
    return {key: value for key, value in asdict(layer).items() if key not in ("feature_set_id", "removed")}

"""Layers as the runner knows them: what there is, and bringing the tables in line once one was landed.

What is landed and how is `ingest.layers`' business; what becomes of it, dbt's (`spatial.layers` and what stands on it).
"""

from __future__ import annotations

import difflib
from typing import Any

from psycopg2 import sql

from ingest.datasets import all_boundaries
from ingest.layer import Layer
from runner.errors import WrongUsageError
from runner.ledger.session import LedgerSession

# What a layer of one's own changes: itself, its features, and the crashes in them. What stands on those are views.
OWN_LAYER = (
    "stg_spatial__layers",
    "stg_spatial__layer_features",
    "layers",
    "features",
    "feature_parts",
    "crash_features",
)


def built_for(layer: Layer) -> tuple[str, ...]:
    """What to build once it was landed, as dbt selects; for the City's own, that crashes carry, everything."""
    return () if layer.layer_id in all_boundaries() else OWN_LAYER


_COLUMNS = (
    "layer_id",
    "name",
    "geometry_type",
    "source_srid",
    "feature_count",
    "feature_set_id",
    "portal_etag",
    "original_file",
    "description",
    "label_field",
    "sort_type",
    "city_wide",
    "active",
)


def all_layers(session: LedgerSession) -> list[Layer]:
    """Those that are there, by name: as they were last landed, whether a build has seen that or not."""
    if session.execute("select to_regclass('raw.layers')") == [(None,)]:
        return []
    rows = session.execute(
        sql.SQL(
            """
            select {columns}
            from (
                select distinct on (layer_id) *
                from raw.layers
                where _dlt_load_id in (select load_id from raw._dlt_loads where status = 0)
                order by layer_id, changed_at desc, _dlt_load_id desc
            ) as latest
            where not removed
            order by lower(name)
            """
        ).format(columns=sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)))
    )
    return [Layer(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def find(session: LedgerSession, name: str) -> Layer:
    """By its name or its id, in any case. Raises WrongUsageError, with those there are."""
    layers = all_layers(session)
    for layer in layers:
        if name.lower() in (layer.name.lower(), layer.layer_id):
            return layer
    names = [layer.name for layer in layers]
    near = difflib.get_close_matches(name, names, n=1)
    remedy = f"Did you mean {near[0]!r}?" if near else f"Layers there are: {', '.join(map(repr, names)) or 'none'}."
    raise WrongUsageError(f"There is no layer {name[:60]!r}.", remedy=remedy)


def field_names(session: LedgerSession, layer: Layer) -> list[str]:
    """What its features can be called by."""
    rows = session.execute(
        "select distinct key from raw.layer_features "
        "cross join lateral jsonb_object_keys(properties::jsonb) as keys (key) where feature_set_id = %s order by key",
        [layer.feature_set_id],
    )
    return [name for (name,) in rows]


def counts(session: LedgerSession, layer: Layer) -> dict[str, Any]:
    """What became of it in the tables: features, repaired ones, crashes by how they belong; empty before a build."""
    if session.execute("select to_regclass('spatial.crash_features')") == [(None,)]:
        return {}
    ((features, repaired, miles),) = session.execute(
        "select count(*), count(*) filter (where is_repaired), round(sum(square_miles)::numeric, 2)::float "
        "from spatial.features where layer_id = %s",
        [layer.layer_id],
    )
    crashes = session.execute(
        "select how, count(*) from spatial.crash_features where layer_id = %s group by how order by how",
        [layer.layer_id],
    )
    return {"features": features, "repaired": repaired, "square_miles": miles, "crashes": dict(crashes)}


def features(session: LedgerSession, layer: Layer) -> list[tuple[Any, ...]]:
    """Label and number of crashes of each feature, in the layer's order; empty before a build."""
    if session.execute("select to_regclass('spatial.crash_features')") == [(None,)]:
        return []
    return session.execute(
        """
        select features.label, round(features.square_miles::numeric, 2)::float, count(placed.crash_record_id)
        from spatial.features
        left join spatial.crash_features as placed on features.feature_id = placed.feature_id
        where features.layer_id = %s
        group by features.feature_id, features.label, features.square_miles, features.sort_position
        order by features.sort_position
        """,
        [layer.layer_id],
    )

"""`/api/views/{4x4}`: the dataset's metadata, in the old words that the endpoint still uses."""

from __future__ import annotations

from typing import Any

from .columns import VIEW_TYPES, Column
from .dataset import StoredDataset
from .messages import Response

# when the real datasets were first published; only its being in the past matters
_CREATED_AT = 1_507_000_000


def respond(stored: StoredDataset) -> Response:
    state = stored.state
    modified = state.modified_at // 1000
    columns = [_column(stored, column, place) for place, column in enumerate(state.columns, 1)]
    view: dict[str, Any] = {
        "id": stored.dataset.id,
        "name": stored.dataset.name,
        "attribution": "City of Chicago",
        "category": "Transportation",
        "createdAt": _CREATED_AT,
        "displayType": "table",
        "newBackend": True,
        "publicationDate": _CREATED_AT,
        "publicationStage": "published",
        "rowsUpdatedAt": modified,
        "viewLastModified": modified,
        "viewType": "tabular",
        "columns": columns,
    }
    if stored.dataset.key:
        view["rowIdentifierColumnId"] = next(
            column["id"] for column in columns if column["fieldName"] == stored.dataset.key
        )
    return Response.json(view)


def _column(stored: StoredDataset, column: Column, position: int) -> dict[str, Any]:
    kind = VIEW_TYPES.get(column.type, column.type)
    return {
        "id": 300_000_000 + position,
        "name": column.name,
        "dataTypeName": kind,
        "fieldName": column.field,
        "position": position,
        "renderTypeName": kind,
        "tableColumnId": 40_000_000 + position,
        "format": {},
        # the portal counts per column when it pleases; the row count is what readers want of it
        "cachedContents": {"count": str(stored.state.rows)},
    }

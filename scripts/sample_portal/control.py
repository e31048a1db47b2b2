"""`/_portal/…`: what a test or an operator may do to the portal while it runs, as JSON over HTTP.

Not part of SODA. Every action is a POST with a JSON object; `client.PortalControl` is its Python side.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import changes, moments
from .dataset import StoredDataset
from .errors import CoreError, PortalError
from .messages import Request, Response

if TYPE_CHECKING:
    from .portal import Portal

PREFIX = "/_portal/"


def respond(portal: Portal, request: Request) -> Response:
    action = request.path.removeprefix(PREFIX)
    handler = _ACTIONS.get(action)
    if handler is None:
        raise CoreError(404, "not_found", f"There is no {request.path}. There are: {', '.join(sorted(_ACTIONS))}.")
    try:
        given = json.loads(request.body or b"{}")
        return Response.json(handler(portal, given))
    except PortalError as error:
        raise CoreError(400, "portal", str(error)) from None
    except (KeyError, TypeError, ValueError) as error:
        raise CoreError(400, "portal", f"{action} does not understand its parameters: {error!r}.") from None


def _dataset(portal: Portal, given: dict[str, Any]) -> StoredDataset:
    stored = portal.store.find(str(given.get("dataset")))
    if stored is None:
        slugs = ", ".join(held.dataset.slug for held in portal.store.datasets)
        raise PortalError(f"There is no dataset {given.get('dataset')!r}. There are: {slugs}.")
    return stored


def _moment(given: dict[str, Any]) -> int | None:
    return moments.read_fixed(given["at"]) if given.get("at") else None


def _upsert(portal: Portal, given: dict[str, Any]) -> object:
    return changes.upsert(_dataset(portal, given), given["rows"], _moment(given))


def _restamp(portal: Portal, given: dict[str, Any]) -> object:
    return changes.restamp(_dataset(portal, given), given.get("where"), _moment(given))


def _replace(portal: Portal, given: dict[str, Any]) -> object:
    return changes.replace_all(_dataset(portal, given), _moment(given))


def _delete(portal: Portal, given: dict[str, Any]) -> object:
    return changes.delete(_dataset(portal, given), given["where"])


def _add_column(portal: Portal, given: dict[str, Any]) -> object:
    return changes.add_column(_dataset(portal, given), given["field"], given.get("type", "text"), given.get("name"))


def _drop_column(portal: Portal, given: dict[str, Any]) -> object:
    return changes.drop_column(_dataset(portal, given), given["field"])


def _boundary(portal: Portal, given: dict[str, Any]) -> object:
    portal.boundaries.publish(given["name"], given["features"])
    return {"features": len(given["features"])}


def _requests(portal: Portal, given: dict[str, Any]) -> object:
    portal.log.settle()
    return {"count": portal.log.count, "requests": portal.log.entries()}


def _clear_requests(portal: Portal, given: dict[str, Any]) -> object:
    portal.log.clear()
    return {}


def _fault(portal: Portal, given: dict[str, Any]) -> object:
    portal.faults.add(given)
    return {"pending": portal.faults.pending()}


def _clear_faults(portal: Portal, given: dict[str, Any]) -> object:
    portal.faults.clear()
    return {}


def _settings(portal: Portal, given: dict[str, Any]) -> object:
    """The portal's own behaviour: the cap on `$limit`, the replica's lag, the valid tokens."""
    for name, value in given.items():
        if name not in ("max_rows", "out_of_date", "tokens"):
            raise PortalError(f"There is no setting {name}. There are: max_rows, out_of_date, tokens.")
        setattr(portal, name, frozenset(value) if name == "tokens" else value)
    return {"max_rows": portal.max_rows, "out_of_date": portal.out_of_date, "tokens": sorted(portal.tokens)}


def _state(portal: Portal, given: dict[str, Any]) -> object:
    return {
        held.dataset.slug: {"rows": held.state.rows, "modified_at": moments.fixed(held.state.modified_at)}
        for held in portal.store.datasets
    }


_ACTIONS: dict[str, Callable[[Portal, dict[str, Any]], object]] = {
    "upsert": _upsert,
    "restamp": _restamp,
    "replace": _replace,
    "delete": _delete,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "boundary": _boundary,
    "requests": _requests,
    "clear_requests": _clear_requests,
    "fault": _fault,
    "clear_faults": _clear_faults,
    "settings": _settings,
    "state": _state,
}

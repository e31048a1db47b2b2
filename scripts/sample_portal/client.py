"""The control side of a running sample portal, for tests and notebooks: the publisher's moves as methods."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from typing import Any

from .errors import PortalError


class PortalControl:
    """Each method is one POST to `/_portal/…` and gives back its JSON; a refusal is a `PortalError`.

    Datasets are named by slug (`crashes`) or 4x4 id. Conditions are SoQL. `at` is an instant like
    `2026-01-31T10:00:00.000Z`; without it a move happens now, later than every one before it.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def upsert(self, dataset: str, rows: Sequence[dict[str, Any]], at: str | None = None) -> dict[str, Any]:
        return self._post("upsert", dataset=dataset, rows=list(rows), at=at)

    def restamp(self, dataset: str, where: str | None = None, at: str | None = None) -> dict[str, Any]:
        return self._post("restamp", dataset=dataset, where=where, at=at)

    def replace(self, dataset: str, at: str | None = None) -> dict[str, Any]:
        return self._post("replace", dataset=dataset, at=at)

    def delete(self, dataset: str, where: str) -> dict[str, Any]:
        return self._post("delete", dataset=dataset, where=where)

    def add_column(self, dataset: str, field: str, type: str = "text", name: str | None = None) -> dict[str, Any]:
        return self._post("add_column", dataset=dataset, field=field, type=type, name=name)

    def drop_column(self, dataset: str, field: str) -> dict[str, Any]:
        return self._post("drop_column", dataset=dataset, field=field)

    def boundary(self, name: str, features: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """A boundary (`wards`, …) has these GeoJSON features from now on."""
        return self._post("boundary", name=name, features=list(features))

    def requests(self) -> list[dict[str, Any]]:
        """Every request since the start or the last `clear_requests`, control requests left out, oldest first."""
        found: list[dict[str, Any]] = self._post("requests")["requests"]
        return found

    def clear_requests(self) -> None:
        self._post("clear_requests")

    def fault(self, **specification: Any) -> None:
        """Queue a fault; see `faults.Fault` for what it can be."""
        self._post("fault", **specification)

    def clear_faults(self) -> None:
        self._post("clear_faults")

    def settings(
        self,
        *,
        max_rows: int | None = None,
        out_of_date: bool | None = None,
        tokens: Iterable[str] | None = None,
    ) -> dict[str, Any]:
        given = {"max_rows": max_rows, "out_of_date": out_of_date, "tokens": tokens and list(tokens)}
        return self._post("settings", **{name: value for name, value in given.items() if value is not None})

    def state(self) -> dict[str, Any]:
        """Rows and moment of the last change, per dataset."""
        return self._post("state")

    def _post(self, action: str, **given: Any) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the portal's own http URL
            f"{self.url}/_portal/{action}", json.dumps(given).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=600) as response:  # noqa: S310
                answered: dict[str, Any] = json.load(response)
                return answered
        except urllib.error.HTTPError as error:
            raise PortalError(json.load(error)["message"]) from None
        except urllib.error.URLError as error:
            raise PortalError(f"No sample portal answers at {self.url} ({error.reason}). Is it running?") from None

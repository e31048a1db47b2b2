"""From what was asked for to a running server: what `python -m sample_portal` and the project's own command share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from .boundaries import BoundaryStore
from .errors import PortalError
from .portal import Portal
from .server import PortalServer
from .store import Store
from .stores import default_cache, open_generated, open_given, yesterday


@dataclass(frozen=True)
class Source:
    """Which rows to serve: a folder of given ones, or a number of generated crashes."""

    rows: Path | None = None
    crashes: int | None = None
    seed: int = 0
    as_of: date = field(default_factory=yesterday)
    cache: Path = field(default_factory=default_cache)

    def label(self) -> str:
        """Which rows these are: two portals of one label serve the same."""
        if self.rows is not None:
            return f"rows of {ascii(str(self.rows.resolve()))[1:-1]}"
        return f"{self.crashes} crashes generated with seed {self.seed} as of {self.as_of}"


@contextmanager
def opened(source: Source) -> Iterator[Store]:
    """The store of a source, with a scratch folder for its changes that goes when it closes."""
    with tempfile.TemporaryDirectory(prefix="sample-portal-") as folder:
        scratch = Path(folder)
        if source.rows is not None:
            store = open_given(source.rows, scratch)
        elif source.crashes is not None:
            store = open_generated(source.crashes, source.seed, source.as_of, source.cache, scratch)
        else:
            raise PortalError("There is nothing to serve. Give --rows DIR or --crashes N.")
        try:
            yield store
        finally:
            store.close()


def serve(source: Source, host: str = "127.0.0.1", port: int = 8899, ready_file: Path | None = None) -> None:
    """Serve until interrupted; say in one line where and what, when ready."""
    with PortalServer(host, port) as server, opened(source) as store:
        counts = ", ".join(f"{rows:,} {slug}" for slug, rows in store.rows().items())
        if ready_file:
            _write(ready_file, server.url)
        print(f"Sample portal at {server.url}: {counts}", flush=True)
        server.serve(Portal(store, boundaries=BoundaryStore.of(source.rows)), source.label())


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise PortalError(f"Cannot write {path}: {error.strerror}. Give another --ready-file.") from None

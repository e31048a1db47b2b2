"""`python -m sample_portal`: serve given or generated rows on loopback until interrupted."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .errors import PortalError
from .portal import Portal
from .server import PortalServer
from .stores import open_given


def main() -> int:
    options = _options()
    try:
        with tempfile.TemporaryDirectory(prefix="sample-portal-") as scratch:
            store = open_given(options.rows, Path(scratch))
            with PortalServer(Portal(store), options.host, options.port) as server:
                counts = ", ".join(f"{rows:,} {slug}" for slug, rows in store.rows().items())
                print(f"Sample portal at {server.url}: {counts}", flush=True)
                if options.ready_file:
                    options.ready_file.write_text(server.url)
                server.serve_forever()
    except PortalError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sample_portal", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8899)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--ready-file", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

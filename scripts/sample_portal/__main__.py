"""`python -m sample_portal`: serve given or generated rows on loopback until interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import date
from pathlib import Path

from .errors import PortalError
from .serving import Source, serve
from .stores import default_cache, yesterday


def main() -> int:
    options = _options()
    # SIGTERM ends like Ctrl-C, so that the scratch folder goes
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    source = Source(options.rows, options.crashes, options.seed, options.as_of, options.cache)
    try:
        serve(source, options.host, options.port, options.ready_file)
    except PortalError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sample_portal", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="loopback only (default %(default)s)")
    parser.add_argument("--port", type=int, default=8899, help="0 takes a free one (default %(default)s)")
    rows = parser.add_mutually_exclusive_group(required=True)
    rows.add_argument("--rows", type=Path, metavar="DIR", help="serve DIR/crashes.jsonl, people.jsonl, …")
    rows.add_argument("--crashes", type=int, metavar="N", help="generate N crashes and all that belongs to them")
    parser.add_argument("--seed", type=int, default=0, help="of the generated rows (default %(default)s)")
    parser.add_argument("--as-of", type=date.fromisoformat, default=yesterday(), help="day of the newest crash")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="keeps generated rows (%(default)s)")
    parser.add_argument("--ready-file", type=Path, metavar="F", help="write the URL there once it serves")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

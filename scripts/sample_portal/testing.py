"""A sample portal for the length of a `with` block, as a process of its own so that its speed is the real one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .client import PortalControl
from .errors import PortalError

_PACKAGE_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RunningPortal:
    url: str
    control: PortalControl
    pid: int


@contextmanager
def running_portal(
    *,
    rows: Path | None = None,
    crashes: int | None = None,
    seed: int = 0,
    as_of: str | None = None,
    options: tuple[str, ...] = (),
) -> Iterator[RunningPortal]:
    """Serve `rows` (a folder of jsonl files) or `crashes` generated ones on a free port.

    `options` go to `python -m sample_portal` as they are. The process ends with the block, however it ends.
    """
    command = [sys.executable, "-m", "sample_portal", "--port", "0", *options]
    if rows is not None:
        command += ["--rows", str(rows)]
    if crashes is not None:
        command += ["--crashes", str(crashes), "--seed", str(seed)]
    if as_of is not None:
        command += ["--as-of", as_of]
    path = os.pathsep.join(filter(None, [str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, "PYTHONPATH": path}
        )
        try:
            url = _ready(process)
            if url is None:
                errors.seek(0)
                raise PortalError(errors.read().strip().removeprefix("Error: ") or "The sample portal did not start.")
            yield RunningPortal(url, PortalControl(url), process.pid)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()


def _ready(process: subprocess.Popen[str]) -> str | None:
    """The URL from the line that the portal prints when it listens; None when it ends without one."""
    line = process.stdout.readline() if process.stdout else ""
    return line.split(" ")[3].rstrip(":") if line.startswith("Sample portal at ") else None

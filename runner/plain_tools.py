"""Lets plain `dbt …`, `dlt …`, `sqlfluff …` and `python -m ingest` find what `crashes` finds, with nothing exported.

`scripts/setup` puts the line PTH into the virtual environment, where Python runs it at every start. In a process of
one of these tools it fills in the environment from `.env`, CRASHES_DATABASE_URL or the embedded database, which it
starts when the tool is about to connect. dbt reads the runner's ledger, so that is brought to this version before.
Every other process goes on at once: nothing is imported before that is known.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.settings import RunnerSettings

# What a file `chicago_crashes.pth` in site-packages says. A clone that has moved away is passed over in silence.
PTH = (
    'import sys; exec("try:\\n import runner.plain_tools as tools\\nexcept ImportError:\\n pass\\n'
    'else:\\n tools.prepare(sys.orig_argv)") '
    'if any(word.rpartition("/")[2].partition(".")[0] in ("dbt", "dlt", "sqlfluff", "ingest") '
    "for word in sys.orig_argv[1:4]) else None"
)

# The subcommands after which a tool connects. None: it always does.
CONNECTING: dict[str, frozenset[str] | None] = {
    "dbt": frozenset(
        {"build", "clone", "compile", "debug", "docs", "freshness", "retry", "run", "run-operation"}
        | {"seed", "show", "snapshot", "source", "test"}
    ),
    "dlt": frozenset({"pipeline"}),
    "sqlfluff": frozenset({"fix", "format", "lint", "parse", "render"}),
    "ingest": None,
}


def prepare(argv: Sequence[str]) -> None:
    """Called while Python starts: an exception would be reported as a broken installation, hence the hard exit."""
    tool = tool_of(argv)
    if tool is None:
        return
    from ingest.errors import CrashesError  # noqa: PLC0415 - see the module's docstring
    from runner.database.connection import ready  # noqa: PLC0415
    from runner.settings import load_settings  # noqa: PLC0415

    try:
        settings = load_settings()
        fill(settings)
        if connects(tool, argv) and settings.database.embedded:
            ready(settings)
        if reads_the_ledger(tool, argv):
            bring_ledger(settings)
    except CrashesError as error:
        print(f"Error: {error}\n→ {error.remedy}", file=sys.stderr, flush=True)  # noqa: T201 - no library is up yet
        os._exit(error.exit_code)
    except KeyboardInterrupt:
        os._exit(1)


def tool_of(argv: Sequence[str]) -> str | None:
    """Which of the tools this process is: `python …/bin/dbt build`, `python -m dbt.cli.main build`."""
    words = iter(argv[1:])
    for word in words:
        if word == "-m":
            word = next(words, "")  # noqa: PLW2901 - the module stands after it
            name = word.partition(".")[0]
        elif word in ("-X", "-W"):
            next(words, "")
            continue
        elif word.startswith("-") and word != "-c":
            continue
        else:
            name = word.rpartition("/")[2]
        return name if name in CONNECTING else None
    return None


def connects(tool: str, argv: Sequence[str]) -> bool:
    """Asking for help or parsing a project needs no database."""
    subcommands = CONNECTING[tool]
    return not {"--help", "-h", "--version"} & set(argv) and (
        subcommands is None or any(word in subcommands for word in argv)
    )


def reads_the_ledger(tool: str, argv: Sequence[str]) -> bool:
    """`dbt debug` connects too, but to tell by itself what is wrong with the connection."""
    return tool == "dbt" and connects(tool, argv) and "debug" not in argv


def bring_ledger(settings: RunnerSettings) -> None:
    """The tables of source `ops` are there, as the models know them: one query where they are already."""
    from runner.database.connection import connect  # noqa: PLC0415
    from runner.ledger.migrate import migrate  # noqa: PLC0415

    with closing(connect(settings.database)) as connection:
        migrate(connection)


def fill(settings: RunnerSettings) -> None:
    """The place of the database as it was decided, and what else the tools need unless it is exported already."""
    os.environ.update(settings.database.environment())
    for name, value in tool_environment(settings).items():
        os.environ.setdefault(name, value)


def tool_environment(settings: RunnerSettings) -> dict[str, str]:
    """Where dlt keeps its pipelines and how it connects; and nobody is told that anything was run."""
    return {
        "CRASHES_THREADS": str(settings.threads),
        "DLT_DATA_DIR": str(settings.home / "dlt"),
        "DESTINATION__POSTGRES__CREDENTIALS": settings.database.url(),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def install() -> Path:
    """Puts PTH into the virtual environment that runs this; returns the file."""
    file = Path(sysconfig.get_path("purelib")) / "chicago_crashes.pth"
    file.write_text(PTH + "\n", encoding="utf-8")
    return file


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python -m runner.plain_tools install")
    install()

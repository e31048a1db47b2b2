"""How far a run is: a line in the log every few seconds, and on a terminal bars in their place. Always on stderr."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Protocol, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from runner.logs import PROGRESS
from runner.settings import RunnerSettings
from runner.terminal import notices

log = logging.getLogger(PROGRESS)

LINE_EVERY = 5.0  # seconds


class Landed(Protocol):
    """What `ingest` tells: rows of one dataset so far, of as many as the portal counted."""

    @property
    def dataset(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def complete(self) -> bool: ...


class Built(Protocol):
    """What `runner.building.transform` tells: one dbt node is done."""

    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...


class Display:
    """Shows nothing; the base of those that do. Its methods are called from many threads."""

    def landed(self, progress: Landed) -> None: ...

    def built(self, progress: Built) -> None: ...

    def compacted(self, table: str, done: int, total: int) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        return None


class _Speed(ProgressColumn):
    """Rows (or dbt nodes) a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="progress.data.speed")


class Lines(Display):
    """For the log: what is finished at once, what is under way every few seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told = time.monotonic()
        self._began: dict[str, float] = {}

    def landed(self, progress: Landed) -> None:
        began = self._began.setdefault(progress.dataset, time.monotonic())
        line = f"{progress.dataset}: {progress.rows:,} of {progress.total:,} rows"
        if (spent := time.monotonic() - began) > 1 and progress.rows:
            speed = progress.rows / spent
            line += f", {speed:,.0f} a second"
            if not progress.complete and progress.total > progress.rows:
                line += f", {(progress.total - progress.rows) / speed:,.0f} s left"
        self._say(line, now=progress.complete, dataset=progress.dataset)

    def built(self, progress: Built) -> None:
        troubled = progress.status in ("error", "fail", "warn")
        last = progress.done == progress.total
        self._say(f"dbt: {progress.done} of {progress.total}, {progress.name} {progress.status}", now=troubled or last)

    def compacted(self, table: str, done: int, total: int) -> None:
        self._say(f"compact {table}: {done:,} of {total:,} repetitions removed", now=done >= total, dataset=table)

    def _say(self, line: str, *, now: bool, dataset: str | None = None) -> None:
        with self._lock:
            if now or time.monotonic() - self._told >= LINE_EVERY:
                self._told = time.monotonic()
                log.info(line, extra={"dataset": dataset})


class Bars(Lines):
    """One bar for each dataset and one for dbt: so many of so many, how fast, how long still."""

    def __init__(self) -> None:
        super().__init__()
        columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), _Speed())
        times = (TimeElapsedColumn(), TimeRemainingColumn(compact=True))
        self._progress = Progress(*columns, *times, TextColumn("{task.fields[detail]}"), console=notices())
        self._tasks: dict[str, TaskID] = {}
        self._drawing = threading.Lock()

    def landed(self, progress: Landed) -> None:
        super().landed(progress)
        self._show(progress.dataset, progress.rows, max(progress.total, progress.rows), "")

    def built(self, progress: Built) -> None:
        super().built(progress)
        self._show("dbt build", progress.done, progress.total, progress.name)

    def compacted(self, table: str, done: int, total: int) -> None:
        super().compacted(table, done, total)
        self._show(f"compact {table}", done, total, "")

    def _show(self, name: str, done: int, total: int, detail: str) -> None:
        with self._drawing:
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(name, total=total, detail=detail)
        self._progress.update(self._tasks[name], completed=done, total=total, detail=detail[:40])

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()


def draws_bars(settings: RunnerSettings) -> bool:
    """On a terminal, unless somebody wants to read it as JSON."""
    return notices().is_terminal and settings.log_format == "text"


def display(settings: RunnerSettings) -> Display:
    """The one that fits stderr."""
    return Bars() if draws_bars(settings) else Lines()

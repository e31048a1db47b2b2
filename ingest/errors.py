"""What can go wrong while landing, one class for each decision a caller can take.

Every error shown to a user carries what happened and to what (`message`), what to do next (`remedy`),
and the exit code of the command that it ends.
"""

from __future__ import annotations


class CrashesError(Exception):
    """Base of every foreseeable fault: one sentence, one remedy, one exit code."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class ConfigurationError(CrashesError):
    """A variable, an option or a file of the user's holds something that cannot be meant."""

    exit_code = 2


class IngestError(CrashesError):
    """Landing could not be done; nothing of the broken package is visible to anyone."""


class PortalUnreachableError(IngestError):
    """No answer from the portal: refused, unresolved, hung or reset, as often as we were willing to ask."""


class PortalAnswerError(IngestError):
    """The portal answered, but with something that is not the rows that were asked for."""


class DatasetGoneError(PortalAnswerError):
    """The portal does not know the dataset (404): it moved or was withdrawn."""


class SchemaBreakError(IngestError):
    """A key or a required column is missing from what the portal serves: loading would invent nulls."""


class MassDeletionError(IngestError):
    """More rows have vanished from the portal than a publisher takes away: nothing is marked deleted unasked."""


class DatabaseError(IngestError):
    """The database refused, vanished, or lacks what landing needs."""


class LandingBusyError(CrashesError):
    """Another landing into the same database is at work."""

    exit_code = 3


class LayerFileError(IngestError):
    """A file cannot become a layer: it is not what it should be, unsafe, or nowhere on this world."""

    exit_code = 2

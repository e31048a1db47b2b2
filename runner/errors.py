"""The runner's own errors: one class for each decision that a caller, a script or a person can take.

All extend `ingest.errors.CrashesError`: a message (what happened, to what), a remedy (what to do next) and an
exit code.
"""

from __future__ import annotations

from ingest.errors import CrashesError


class PostgresMissingError(CrashesError):
    """No PostgreSQL server programs are installed here."""

    exit_code = 2


class PostgisMissingError(CrashesError):
    """PostgreSQL is there, PostGIS is not: in the installation, or in the database."""

    exit_code = 2


class HomeUnusableError(CrashesError):
    """The folder of the embedded cluster cannot hold one."""

    exit_code = 2


class ClusterError(CrashesError):
    """The embedded cluster did not initialise, start or stop."""


class DatabaseUnreachableError(CrashesError):
    """Nothing answers where the database should be."""


class LoginRefusedError(CrashesError):
    """The server is there and does not accept this user or password."""

    exit_code = 2


class DatabaseMissingError(CrashesError):
    """The server is there and has no database of this name."""

    exit_code = 2


class DatabaseTooOldError(CrashesError):
    """The server is older than what the models need."""

    exit_code = 2


class LedgerTooNewError(CrashesError):
    """A newer version of the project has already migrated this database."""

    exit_code = 2


class LockHeldError(CrashesError):
    """Another run is at work on this database."""

    exit_code = 3


class CancelledError(CrashesError):
    """The run was stopped by Ctrl-C, a termination signal or `crashes jobs cancel`."""


class TimedOutError(CrashesError):
    """The execution was stopped by the timeout of its job."""


class TakenElsewhereError(CrashesError):
    """An execution that waited has been carried out, or cancelled, by somebody else."""

    exit_code = 3


class LockLostError(CrashesError):
    """The connection that held the lock broke, and another run has taken the lock meanwhile."""


class NothingBuiltError(CrashesError):
    """The tables that a question is about are not there yet."""


class UnexpectedError(CrashesError):
    """A fault that nobody foresaw: the record and the log hold its traceback."""


class TransformError(CrashesError):
    """dbt could not build the tables."""


class ValidationFailedError(CrashesError):
    """Everything was built, and data tests at error severity failed."""

    exit_code = 4


class WrongUsageError(CrashesError):
    """A command line that cannot be meant."""

    exit_code = 2


class MailNotConfiguredError(CrashesError):
    """A mail is to be sent, and nobody has said by which server, from whom or to whom."""

    exit_code = 2


class MailError(CrashesError):
    """The mail server could not be used, or did not take the mail for everybody."""


class WebhookNotConfiguredError(CrashesError):
    """A message is to be posted, and nobody has said where."""

    exit_code = 2


class WebhookError(CrashesError):
    """The webhook could not be reached, or did not take the message."""

"""Every error the project raises on purpose, named by what the reader can do about it.

::

    BizonSingerError            1    a bug: please report it
    ├── UsageError              2    fix the command line, config, catalog, state or source file
    │   ├── ConfigError
    │   ├── CatalogError
    │   ├── StateError
    │   └── SourceFileError
    ├── CredentialsError        3    fix the credentials or their permissions
    ├── ProtocolError           4    the source answered or behaved wrongly
    │   ├── PaginationError          the same page was asked for twice
    │   ├── ExpiredCursorError       a saved page cursor is no longer accepted
    │   └── BrokenBodyError          a body is no JSON, cut off or corrupt
    ├── TransientError          5    passing trouble, retries are spent: run again
    ├── UnsafeError             6    a foreign host, or an answer past a size limit
    │   └── LargeBodyError           an answer past the limit of its size
    ├── OutputError            74    stdout failed: no space, closed descriptor
    ├── TargetClosedError     141    the target closed the pipe
    └── InterruptedRunError   130    SIGINT (143 for SIGTERM)

The number is the exit code of the process (sysexits and shell conventions where one exists).

Why one attribute and not a table elsewhere: whoever adds an error decides its exit code where the
error is defined, and nothing can be raised without one.
"""

from __future__ import annotations

from typing import ClassVar

SIGNAL_EXIT_BASE = 128


class BizonSingerError(Exception):
    """Root of all errors: one sentence saying what failed, where, and what to do.

    Attributes:
        exit_code: Exit code of the process when this error ends it.
    """

    exit_code: int = 1
    retry_page: ClassVar[bool] = False
    """True when asking the source for the same page again may help."""


class UsageError(BizonSingerError):
    """Something the user typed or wrote cannot be used as it is."""

    exit_code = 2


class ConfigError(UsageError):
    """A setting is missing, unknown or of the wrong type, or a config file cannot be read."""


class CatalogError(UsageError):
    """The catalog is no catalog, names an unknown stream, or carries a broken schema."""


class StateError(UsageError):
    """The state is no Singer state, or was written by a newer version."""


class SourceFileError(UsageError):
    """A user's source file is missing, is not Python, fails on import or holds no source."""


class CredentialsError(BizonSingerError):
    """The source refused the credentials, or they do not allow what was asked."""

    exit_code = 3


class ProtocolError(BizonSingerError):
    """The source, or the API behind it, broke the contract it answers by."""

    exit_code = 4


class PaginationError(ProtocolError):
    """A source handed out a pagination it had handed out before: the run would never end."""


class ExpiredCursorError(ProtocolError):
    """The API no longer accepts a page cursor kept in STATE.

    A source raises it to say so; the stream then starts again from its last bookmark.
    """


class BrokenBodyError(ProtocolError):
    """A body with a good status is empty, no JSON, cut off or corrupt."""

    retry_page = True


class TransientError(BizonSingerError):
    """The network or the API failed in passing, and the retries are spent."""

    exit_code = 5


class UnsafeError(BizonSingerError):
    """Going on would send credentials to a foreign host or pass a size limit."""

    exit_code = 6


class LargeBodyError(UnsafeError):
    """A body is larger than it may be: a source that can asks for less at once."""


class OutputError(BizonSingerError):
    """A message could not be written to stdout."""

    exit_code = 74


class TargetClosedError(OutputError):
    """The reader of stdout, the target, went away."""

    exit_code = 141


class InterruptedRunError(BizonSingerError):
    """A signal asked the run to end; the last whole page and its STATE are out.

    Args:
        signum: Number of the signal received.
    """

    def __init__(self, signum: int) -> None:
        """Keep the signal's number and derive the exit code from it."""
        name = {2: "SIGINT", 15: "SIGTERM"}.get(signum, f"signal {signum}")
        super().__init__(
            f"stopped by {name} at the end of a page; run again with the last STATE to go on"
        )
        self.exit_code = SIGNAL_EXIT_BASE + signum


def with_article(name: str) -> str:
    """Return a class's name as it stands in a sentence: a dict, an int, a UUID."""
    return f"an {name}" if name[:1].lower() in "aeio" else f"a {name}"


def kind_of(value: object) -> str:
    """Return what a value is, never what it holds."""
    return "None" if value is None else with_article(type(value).__name__)

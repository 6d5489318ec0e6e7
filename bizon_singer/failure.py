"""What went wrong with a stream, as one sentence and one exit code."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass

import requests

from bizon_singer.errors import (
    BizonSingerError,
    CredentialsError,
    ProtocolError,
    TransientError,
)
from bizon_singer.redact import excerpt, one_line

SHOWN_CHARACTERS = 300
_CREDENTIAL_STATUSES = frozenset({401, 403})
_TOO_MANY = 429
_SERVER_ERROR = 500


@dataclass(frozen=True)
class Failure:
    """A stream that did not complete.

    Attributes:
        stream: Its name.
        page: Page that failed, counted from 1 across resumes; None before the first.
        sentence: What failed and what to do.
        exit_code: What the process exits with for it.
        trace: The traceback, for bugs only; empty otherwise.
    """

    stream: str
    page: int | None
    sentence: str
    exit_code: int
    trace: str = ""

    def __str__(self) -> str:
        """Say where, then what."""
        place = f"stream '{self.stream}'" + (f", page {self.page}" if self.page else "")
        return f"{place}: {self.sentence}"


def describe(
    error: Exception, stream: str, page: int | None, *, from_source: bool = True
) -> Failure:
    """Make a failure of whatever ended a stream.

    Args:
        error: What was raised.
        stream: The stream it ended.
        page: Page being read or written, None before the first.
        from_source: Whether the source raised it; else the fault is this package's.
    """
    if isinstance(error, BizonSingerError):
        return Failure(stream, page, one_line(str(error)), error.exit_code)
    known = _of_requests(error) if isinstance(error, requests.RequestException) else None
    if known is not None:
        return Failure(stream, page, one_line(str(known)), known.exit_code)
    trace = "".join(traceback.format_exception(error))
    text = one_line(excerpt(str(error), SHOWN_CHARACTERS))
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if from_source:
        sentence = f"the source raised {what}; mend the source (its traceback is above)"
    else:
        sentence = f"{what}; this is a bug in bizon-singer, please report it with the lines above"
    return Failure(stream, page, sentence, BizonSingerError.exit_code, trace)


def log_trace(logger: logging.Logger, failure: Failure) -> None:
    """Log the traceback of a bug, a line an event, each with a bar in front."""
    for line in failure.trace.rstrip().splitlines():
        logger.error("    | %s", line)


def _of_requests(error: requests.RequestException) -> BizonSingerError | None:
    """Judge an error of a plain requests session, as sources of other hands use it."""
    status = getattr(error.response, "status_code", None)
    if status is not None:
        text = f"the API answered {status}"
        if status in _CREDENTIAL_STATUSES:
            return CredentialsError(f"{text}; check the credentials and their permissions")
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            return TransientError(f"{text}; run again later with the last STATE")
        return ProtocolError(f"{text}; the request is not one this API accepts")
    if isinstance(error, (requests.ConnectionError, requests.Timeout)):
        return TransientError(
            f"the API could not be reached ({type(error).__name__}); check the address and the "
            "network, then run again"
        )
    if isinstance(error, requests.exceptions.JSONDecodeError):
        return ProtocolError("the API answered something that is no JSON; try again later")
    return None


def cursor_was_refused(error: Exception) -> bool:
    """Tell whether an API answered, to the first page of a resumed run, that the page is gone."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status in {400, 404, 410, 422}

"""Whether a source can be read: its own ``check_connection``, and what its answer means."""

from __future__ import annotations

import logging
from typing import Any

from requests import RequestException

from bizon_singer.errors import BizonSingerError, CredentialsError, ProtocolError, kind_of
from bizon_singer.iteration import ask
from bizon_singer.redact import excerpt
from bizon_singer.source.source import AbstractSource

SHOWN_CHARACTERS = 300

logger = logging.getLogger("bizon_singer.sync")


def check_connection(source: Any, stream: str, *, on_failure: str) -> None:
    """Ask a source whether it can be read.

    Args:
        source: An instance.
        stream: The stream it is for, for messages.
        on_failure: What a failing check does: ``error``, ``warn`` or ``skip``.

    Raises:
        CredentialsError: The check failed, and that is an error.
        Exception: The source raised it, or gave it as the reason.
    """
    if on_failure == "skip":
        return
    try:
        answer = ask(lambda: _answer(source))
    except Exception as error:
        if on_failure == "error":
            raise
        known = isinstance(error, BizonSingerError)
        answer = False, error if known else "the check itself failed"
    success, reason = _parts(answer)
    if success:
        return
    if on_failure == "error" and isinstance(reason, (BizonSingerError, RequestException)):
        raise reason
    sentence = f"the connection check failed: {excerpt(str(reason), SHOWN_CHARACTERS)}"
    if on_failure == "error":
        raise CredentialsError(f"{sentence}; mend the settings, or set check_connection to warn")
    logger.warning("Stream %r: %s.", stream, sentence)


def _answer(source: Any) -> Any:
    """Return what a source's connection check answers.

    Raises:
        BizonSingerError: The reason it gives is an error that may be gone when it is asked again.
    """
    answer = source.check_connection()
    if isinstance(answer, (tuple, list)):
        for reason in answer[1:]:
            if not answer[0] and isinstance(reason, BizonSingerError) and reason.retry_page:
                raise reason
    return answer


def _parts(answer: Any) -> tuple[bool, Any]:
    """Return whether a connection check succeeded, and why not: ``(True, None)`` or just a bool."""
    if isinstance(answer, (tuple, list)) and len(answer) == 2:  # noqa: PLR2004
        return bool(answer[0]), answer[1]
    if isinstance(answer, bool):
        return answer, None
    raise ProtocolError(
        f"check_connection() of the source returned {kind_of(answer)}; return (True, None), or "
        "False and why not"
    )


def close_source(source: Any) -> None:
    """Close what a source holds open; one of other hands may have nothing to close."""
    holder = source if isinstance(source, AbstractSource) else getattr(source, "session", None)
    close = getattr(holder, "close", None)
    if callable(close):
        close()

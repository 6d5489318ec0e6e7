"""Answers that are no: the status and body of each kind of error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CORRELATION_ID = "5c0f2a7e-1d2b-4f3a-9a51-3c77c0a4b9d1"
SCOPES_PAGE = "https://developers.hubspot.com/scopes"


class Refusal(Exception):  # noqa: N818 - it is an answer, and no error of the server
    """An answer that is no.

    Args:
        status: Its HTTP status.
        category: What kind of error the body names.
        message: What it says.
        rest: Further fields of the body.

    Attributes:
        body: The whole body.
    """

    def __init__(self, status: int, category: str, message: str, **rest: Any) -> None:
        """Make the body."""
        super().__init__(message)
        self.status = status
        self.body: Mapping[str, Any] = {
            "status": "error",
            "message": message,
            "correlationId": CORRELATION_ID,
            "category": category,
            **rest,
        }


def invalid(message: str, **context: Sequence[str]) -> Refusal:
    """A request that is wrong in itself."""
    more = {"context": context} if context else {}
    return Refusal(400, "VALIDATION_ERROR", message, **more)


def not_found(what: str) -> Refusal:
    """Something that is not there."""
    return Refusal(404, "OBJECT_NOT_FOUND", f"No {what} was found.")


def missing_scopes(*scopes: str) -> Refusal:
    """A token that may not read this."""
    detail = {
        "message": "The app needs one of these scopes.",
        "context": {"requiredGranularScopes": list(scopes)},
    }
    message = "The app has not been granted the scopes this call needs."
    links = {"scopes": SCOPES_PAGE}
    return Refusal(403, "MISSING_SCOPES", message, errors=[detail], links=links)


def no_such_token() -> Refusal:
    """No token, or one the portal never gave."""
    return Refusal(401, "INVALID_AUTHENTICATION", "Authentication credentials were not found.")


def expired_token(since: str) -> Refusal:
    """A token that was good."""
    context = {"expire time": [since]}
    return Refusal(401, "EXPIRED_AUTHENTICATION", "The OAuth token has expired.", context=context)


def rate_limited(policy: str) -> Refusal:
    """Too many requests: by ``TEN_SECONDLY_ROLLING``, ``SECONDLY`` or ``DAILY``."""
    message = f"You have reached your {policy.lower()} limit."
    terms = {"errorType": "RATE_LIMIT", "policyName": policy, "requestId": CORRELATION_ID}
    return Refusal(429, "RATE_LIMITS", message, **terms)


def partial_error(category: str, message: str, **context: Sequence[str]) -> dict[str, Any]:
    """Return one entry of ``errors`` in an answer that succeeded in part."""
    return {
        "status": "error",
        "category": category,
        "message": message,
        "context": context,
        "errors": [],
        "links": {},
    }

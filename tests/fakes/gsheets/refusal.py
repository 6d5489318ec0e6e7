"""Answers that are no, in the two forms Google has for them."""

from __future__ import annotations

from typing import Any

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
}


class Refusal(Exception):  # noqa: N818 - it is an answer, and no error of the server
    """An answer that is no.

    Args:
        status: Its HTTP status.
        body: The whole body.
    """

    def __init__(self, status: int, body: Any) -> None:
        """Keep both."""
        super().__init__(str(status))
        self.status = status
        self.body = body


def of_sheets(status: int, message: str, reason: str = "", word: str = "") -> Refusal:
    """A refusal of the Sheets API; a reason stands in its details."""
    error: dict[str, Any] = {
        "code": status,
        "message": message,
        "status": word or STATUSES[status],
    }
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": reason, "domain": "googleapis.com"}]
    return Refusal(status, {"error": error})


def of_drive(status: int, message: str, reason: str, domain: str = "global") -> Refusal:
    """A refusal of the Drive API."""
    detail = {"domain": domain, "reason": reason, "message": message}
    return Refusal(status, {"error": {"errors": [detail], "code": status, "message": message}})


def of_token(error: str, description: str) -> Refusal:
    """A refusal of the token endpoint (RFC 6749, 5.2)."""
    return Refusal(400, {"error": error, "error_description": description})


def no_permission() -> Refusal:
    """A spreadsheet that is not shared."""
    return of_sheets(403, "The caller does not have permission")


def not_found() -> Refusal:
    """A spreadsheet that is not there."""
    return of_sheets(404, "Requested entity was not found.")


def other_kind() -> Refusal:
    """A file of Drive that is no Google spreadsheet."""
    message = "This operation is not supported for this document"
    return of_sheets(400, message, word="FAILED_PRECONDITION")


def quota_spent() -> Refusal:
    """More requests than a minute has."""
    message = (
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per "
        "user' of service 'sheets.googleapis.com' for consumer 'project_number:1'."
    )
    return of_sheets(429, message, "RATE_LIMIT_EXCEEDED")


def drive_quota_spent() -> Refusal:
    """The same, as Drive says it."""
    return of_drive(403, "User Rate Limit Exceeded.", "userRateLimitExceeded", "usageLimits")

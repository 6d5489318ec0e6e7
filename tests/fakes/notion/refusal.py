"""How Notion refuses: a status, a code and a sentence, in one shape."""

from __future__ import annotations

from typing import Any

INTEGRATION = "integration of the tests"
INTEGRATION_ID = "7775f3a3-893f-43fa-b625-000000000001"


class RefusalError(Exception):
    """A request is refused.

    Args:
        status: HTTP status.
        code: Notion's own code.
        message: What it says.
        additional: More of it, as some errors have.
    """

    def __init__(
        self, status: int, code: str, message: str, additional: dict[str, Any] | None = None
    ) -> None:
        """Keep them."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.additional = additional

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the answer's body."""
        more = {} if self.additional is None else {"additional_data": self.additional}
        return {
            "object": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
            **more,
            "request_id": request_id,
        }


def invalid(message: str, **additional: Any) -> RefusalError:
    """Return the refusal of a request that is not well formed."""
    return RefusalError(400, "validation_error", message, additional or None)


def not_found(kind: str, identifier: str) -> RefusalError:
    """Return the refusal of what is not there or not shared."""
    return RefusalError(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {identifier}. Make sure the relevant pages and databases "
        f'are shared with your integration "{INTEGRATION}".',
        {"integration_id": INTEGRATION_ID},
    )


def restricted() -> RefusalError:
    """Return the refusal of what the integration has no capability for."""
    return RefusalError(
        403, "restricted_resource", "Insufficient permissions for this endpoint.", None
    )

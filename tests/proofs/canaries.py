"""Secrets that must never be seen, in the settings of every type of authentication."""

from __future__ import annotations

from typing import Any

from bizon_singer.testing import secret_forms
from tests.process.commands import Finished

CANARY = 'kä7/F+"9x\\Q=z&%w'
"""It looks different in each spelling: raw, URL-encoded, JSON-escaped and in base64."""
_CLIENT = {"token_refresh_endpoint": "https://example.invalid/token", "client_id": "us"}

AUTHENTICATIONS: dict[str, dict[str, Any]] = {
    "oauth": {**_CLIENT, "client_secret": CANARY, "refresh_token": f"refresh {CANARY}"},
    "api_key": {"token": CANARY, "auth_header": "X-Api-Key", "auth_method": ""},
    "bearer": {"token": CANARY},
    "basic": {"username": "us", "password": CANARY},
    "cookies": {"cookies": {"sid": CANARY}, "headers": {"X-CSRF-Token": f"csrf {CANARY}"}},
}


def authentication(kind: str, **params: Any) -> dict[str, Any]:
    """Return the setting ``authentication`` of a type, with the canary as its secret."""
    return {"type": kind, "params": {**AUTHENTICATIONS[kind], **params}}


def leaks(done: Finished, *secrets: str) -> list[str]:
    """Return where a run shows a secret or half of one, and in which spelling.

    Args:
        done: The run.
        secrets: What must not be seen; the canary if none is named.
    """
    outputs = {"stdout": done.stdout, "stderr": done.stderr.encode()}
    return [
        f"{part} on {place}, {form}"
        for secret in secrets or (CANARY,)
        for form, text in sorted(secret_forms(secret))
        for place, output in outputs.items()
        for part, piece in _pieces(text).items()
        if piece in output
    ]


def _pieces(text: bytes) -> dict[str, bytes]:
    # A message that is cut somewhere shows the start of a secret.
    half = (len(text) + 1) // 2
    return {"all": text, "first half": text[:half], "second half": text[half:]}

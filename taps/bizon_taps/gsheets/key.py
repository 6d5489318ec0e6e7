"""The key of a service account, however it is given: JSON as text, an object, or a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bizon_singer.errors import ConfigError
from bizon_singer.redact import redact

MOST_BYTES = 100_000
SETTING = "service_account_key"
NEEDED = ("client_email", "private_key")
KIND = "service_account"


def read_key(given: str | Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a key; what is secret in it is seen nowhere from then on.

    Args:
        given: The setting.

    Raises:
        ConfigError: It is no key of a service account, or its file cannot be read.
    """
    text, where = given, f"setting `{SETTING}`"
    if isinstance(text, str) and not text.lstrip().startswith("{"):
        text = _file(text)
        where = f"the file that {where} names"
    key = _parsed(text, where)
    redact.register(*(str(key[name]) for name in ("private_key", "private_key_id") if name in key))
    kind = key.get("type")
    if kind != KIND:
        other = " but of an OAuth client" if {"installed", "web"} & key.keys() else ""
        raise ConfigError(
            f"{where} is no key of a service account{other}: it has no `type` {KIND!r}; make one "
            "under IAM & Admin, Service Accounts, Keys"
        )
    for name in NEEDED:
        if not isinstance(key.get(name), str) or not key[name]:
            raise ConfigError(f"{where} has no `{name}`; give the whole file Google made")
    return key


def _parsed(given: str | Mapping[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(given, str):
        return dict(given)
    try:
        key = json.loads(given)
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, dict):
        # What json says of a text shows where it breaks, and a secret may stand there.
        raise ConfigError(f"{where} is no JSON object; give the whole file Google made")
    return key


def _file(name: str) -> str:
    try:
        with Path(name).expanduser().open("rb") as file:
            return file.read(MOST_BYTES).decode()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(
            f"the file that setting `{SETTING}` names cannot be read ({reason}); give its path, or "
            "the JSON itself"
        ) from None

"""What a value means: said a second time, apart from the package and in another way."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

ONE_MINUTE = timedelta(minutes=1)


class TwinKeysError(Exception):
    """Two keys of an object read the same as text."""


def text_of(text: str) -> str:
    """Return a text with its lone surrogates replaced."""
    return "".join(
        "\ufffd" if "\ud800" <= char <= "\udfff" else char
        for char in text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    )


def moment_of(moment: datetime) -> str:
    """Return a time as RFC 3339 has it."""
    offset = moment.utcoffset()
    if offset is None:
        return moment.replace(tzinfo=None).isoformat() + "Z"
    if offset % ONE_MINUTE:
        moment = (moment.replace(tzinfo=None) - offset).replace(tzinfo=UTC)
    return moment.isoformat().replace("+00:00", "Z")


def key_of(key: Any) -> str:
    """Return the text of a key."""
    if isinstance(key, Enum):
        key = key.value
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    if isinstance(key, bytes):
        return str(expected(key))
    if isinstance(key, int):
        return f"{Decimal(key):f}"
    if isinstance(key, datetime):
        return moment_of(key)
    return text_of(str(key))


def by_value(value: Any) -> str:
    """Return what to sort the items of a set by: 1.0 and 1 are one number."""
    # 7 and 2**64-1 have the same hash.
    return f"number {hash(value)} {float(value)}" if isinstance(value, Decimal) else repr(value)


def expected(value: Any) -> Any:  # noqa: C901, PLR0912 - a table
    """Return what a strict reader must find for a value: said a second time, another way."""
    if isinstance(value, Mapping):
        names = [key_of(key) for key in value]
        if len(set(names)) != len(names):
            raise TwinKeysError
        return {name: expected(item) for name, item in zip(names, value.values(), strict=True)}
    if isinstance(value, Enum):
        return expected(value.value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        return number if number.is_finite() else None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, (bytes, bytearray)):
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    if isinstance(value, (set, frozenset)):
        return sorted((expected(item) for item in value), key=by_value)
    if isinstance(value, (list, tuple, deque)):
        return [expected(item) for item in value]
    if isinstance(value, datetime):
        return moment_of(value)
    if isinstance(value, timedelta):
        return Decimal(value // timedelta(microseconds=1)) / 10**6
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)


def unordered(value: Any, like: Any) -> Any:
    """Return what was written with the arrays that stand for sets sorted as ``expected`` does."""
    if isinstance(value, dict):
        return {
            name: unordered(item, inner)
            for (name, item), inner in zip(value.items(), like.values(), strict=True)
        }
    if isinstance(like, AbstractSet):
        return sorted((unordered(item, ()) for item in value), key=by_value)
    if isinstance(value, list) and isinstance(like, (list, tuple, deque)):
        return [unordered(item, inner) for item, inner in zip(value, like, strict=False)] or value
    return value

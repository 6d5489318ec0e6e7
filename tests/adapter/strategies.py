"""Hypothesis strategies for what a source may hand over."""

from __future__ import annotations

import os
import uuid
import zoneinfo
from collections import deque
from collections.abc import Callable
from datetime import UTC, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

settings.register_profile(
    "adapter", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100"))
)
settings.load_profile("adapter")


class Color(Enum):
    """An enum of bare values."""

    RED = "red"
    NUMBER = 7


class Size(IntEnum):
    """An enum whose members are integers."""

    SMALL = 1


class Word(StrEnum):
    """An enum whose members are strings."""

    YES = "yes"


SURROGATES = ["\ud800", "\udfff", "a\udc00b", "\ud83d\ude00"]
LINE_ENDS = ["\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
ODD_ZONES = [
    timezone(timedelta(hours=1, seconds=30)),
    timezone(-timedelta(hours=3, microseconds=1)),
    zoneinfo.ZoneInfo("Europe/Amsterdam"),  # +00:19:32 until 1937
    zoneinfo.ZoneInfo("America/New_York"),
    timezone(timedelta(hours=14)),
    UTC,
]
BIG = [2**63, 2**64 - 1, 2**64, -(2**63) - 1, 10**400, -(10**4000)]

texts = st.one_of(
    st.text(max_size=8),
    st.lists(st.sampled_from([*SURROGATES, *LINE_ENDS, "\0", "x", "é"]), max_size=4).map("".join),
)
integers = st.one_of(st.integers(), st.sampled_from(BIG))
decimals = st.one_of(
    st.decimals(),
    st.sampled_from([Decimal("1E+400"), Decimal("1E-400"), Decimal("0E-9"), Decimal("-0.0")]),
)
zones = st.none() | st.sampled_from(ODD_ZONES)
datetimes = st.datetimes(timezones=zones)

json_scalars = st.none() | st.booleans() | integers | st.floats() | texts
hashables = st.one_of(
    json_scalars,
    decimals.filter(lambda number: not number.is_snan()),
    datetimes,
    st.dates(),
    st.times(timezones=zones),
    st.timedeltas(),
    st.uuids(),
    st.binary(max_size=6),
    st.sampled_from([Color.RED, Color.NUMBER, Size.SMALL, Word.YES]),
    st.just(IPv4Address("10.0.0.1")),
    st.just(PurePosixPath("a/b")),
)
scalars = hashables | decimals | st.binary(max_size=6).map(bytearray)
keys = st.one_of(
    texts,
    st.none(),
    st.booleans(),
    integers,
    st.floats(),
    st.dates(),
    datetimes,
    st.just(uuid.UUID(int=5)),
    st.sampled_from([Word.YES, Size.SMALL]),
    st.binary(max_size=3),
)


def containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return what may hold other values."""
    lists = st.lists(children, max_size=4)
    kinds: list[Callable[[list[Any]], Any]] = [tuple, deque]
    return st.one_of(
        lists,
        *(lists.map(kind) for kind in kinds),
        st.dictionaries(keys, children, max_size=4),
        st.sets(hashables, max_size=4),
        st.frozensets(hashables, max_size=4),
    )


values = st.recursive(scalars, containers, max_leaves=12)
"""Any value a record may hold, however odd."""

plain_texts = st.text(max_size=6)
plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(texts, children, max_size=4),
    max_leaves=15,
)
"""Any JSON as json.loads gives it, NaN and lone surrogates included."""

"""What a source keeps between runs comes back from STATE as it was."""

from __future__ import annotations

import contextlib
import copy
import json
import math
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizon_singer.encoding import message
from bizon_singer.frozen import (
    _LISTED,
    _TEXTUAL,
    MAX_DEPTH,
    TAG,
    CannotFreezeError,
    freeze,
    holds_secret,
    thaw,
)
from bizon_singer.redact import Redactor
from tests.adapter.strategies import Color, Size, Word, texts

ZONES = [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=1, seconds=30))]
zones = st.none() | st.sampled_from(ZONES)
hashables = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, 2**64, -(2**64), 10**400]),
    st.floats(),
    texts,
    st.sampled_from(["$type", "value"]),
    st.decimals(allow_nan=False),
    st.datetimes(timezones=zones),
    st.dates(),
    st.times(timezones=zones),
    st.timedeltas(),
    st.uuids(),
    st.binary(max_size=5),
)
deep_hashables = st.recursive(
    hashables,
    lambda children: (
        st.lists(children, max_size=3).map(tuple) | st.frozensets(children, max_size=3)
    ),
    max_leaves=4,
)
things = st.recursive(
    deep_hashables,
    lambda children: st.one_of(
        st.lists(children, max_size=3),
        st.lists(children, max_size=3).map(tuple),
        st.sets(deep_hashables, max_size=3),
        st.dictionaries(st.text(max_size=3) | st.just("$type"), children, max_size=3),
        st.dictionaries(deep_hashables, children, max_size=3),
    ),
    max_leaves=10,
)


def kind_of(value: object) -> str:
    """Return a test id that is the same in every process: no address, no order of a set."""
    return type(value).__name__


def same(first: Any, second: Any) -> bool:
    """Tell whether two values are equal and of the same types, NaN equal to itself."""
    if type(first) is not type(second):
        return False
    if isinstance(first, float) and math.isnan(first):
        return math.isnan(second)
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        pairs = zip(first.items(), second.items(), strict=False)
        return len(first) == len(second) and all(
            same(key, other) and same(item, value) for (key, item), (other, value) in pairs
        )
    if isinstance(first, (set, frozenset)):
        return sorted(map(seen, first)) == sorted(map(seen, second))
    return bool(first == second)


def seen(value: Any) -> str:
    """Return a text of a value in which sets have an order."""
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__}{sorted(map(seen, value))}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}{list(map(seen, value))}"
    if isinstance(value, (datetime, time)):
        return value.isoformat()  # without its fold, which no comparison heeds
    return repr(value)


def through(frozen: Any, **reading: Any) -> Any:
    """Return a frozen value as it comes back by way of a target."""
    return json.loads(json.dumps(frozen), **reading)


@given(things)
def test_what_was_frozen_comes_back(thing: Any) -> None:
    """By way of any reader and writer of JSON, also one that keeps decimals exact."""
    frozen = freeze(thing)
    assert same(thaw(frozen), thing)
    assert same(thaw(through(frozen)), thing)
    assert same(thaw(through(frozen, parse_float=Decimal)), thing)


@given(things)
def test_what_was_frozen_fits_into_a_state_message(thing: Any) -> None:
    """And comes back from the line."""
    line = message({"type": "STATE", "value": {"pagination": freeze(thing)}})
    assert len(line.decode().splitlines()) == 1
    assert same(thaw(json.loads(line)["value"]["pagination"]), thing)


@given(things)
def test_freezing_changes_nothing(thing: Any) -> None:
    """Neither the value nor what is inside."""
    before = copy.deepcopy(thing)
    freeze(thing)
    assert same(thing, before)


@given(things)
def test_equal_values_are_frozen_the_same(thing: Any) -> None:
    """So that a pagination can be recognised; the order of a set is not its own."""
    assert freeze(copy.deepcopy(thing)) == freeze(thing) or "nan" in repr(thing)


class TestForms:
    """How values look in STATE."""

    @pytest.mark.parametrize(
        "value", [None, True, 1, 1.5, "text", [1, [2]], {"after": "400", "page": {"n": 1}}, 2**63]
    )
    def test_json_is_left_as_it_is(self, value: Any) -> None:
        """A person can read it."""
        assert freeze(value) == value

    @pytest.mark.parametrize(
        ("value", "frozen"),
        [
            (date(2024, 1, 1), {TAG: "date", "value": "2024-01-01"}),
            (
                datetime(2024, 1, 1, tzinfo=UTC),
                {TAG: "datetime", "value": "2024-01-01T00:00:00+00:00"},
            ),
            (time(1, 2), {TAG: "time", "value": "01:02:00"}),
            (timedelta(-1, 2, 3), {TAG: "timedelta", "value": [-1, 2, 3]}),
            (Decimal("1.50"), {TAG: "decimal", "value": "1.50"}),
            (UUID(int=1), {TAG: "uuid", "value": "00000000-0000-0000-0000-000000000001"}),
            (b"\xff", {TAG: "bytes", "value": "/w=="}),
            (float("-inf"), {TAG: "float", "value": "-inf"}),
            (2**64, {TAG: "int", "value": "0x10000000000000000"}),
            ("\ud800", {TAG: "text", "value": "7aCA"}),
            ((1, "a"), {TAG: "tuple", "value": [1, "a"]}),
            ({2, 1}, {TAG: "set", "value": [1, 2]}),
            (frozenset({1}), {TAG: "frozenset", "value": [1]}),
            ({1: 2}, {TAG: "dict", "value": [[1, 2]]}),
            ({"$type": 1}, {TAG: "dict", "value": [["$type", 1]]}),
            ({"a\n": 1}, {TAG: "dict", "value": [["a\n", 1]]}),
        ],
    )
    def test_what_json_cannot_hold_is_tagged(self, value: Any, frozen: Any) -> None:
        """With its type and its value."""
        assert freeze(value) == frozen
        assert same(thaw(frozen), value)

    def test_an_integer_of_5000_digits_comes_back(self) -> None:
        """Python's json reads 4,300 at most; a STATE with more could not be loaded."""
        assert thaw(through(freeze(10**5000))) == 10**5000

    @pytest.mark.parametrize("value", [Size.SMALL, Word.YES, OrderedDict(a=1)])
    def test_what_equals_a_plain_value_comes_back_as_that(self, value: Any) -> None:
        """It does what the source compares it for."""
        assert thaw(through(freeze(value))) == value

    def test_a_decimal_of_a_reader_is_a_float(self) -> None:
        """Our own decimals are tagged texts."""
        assert same(thaw([Decimal("0.1"), Decimal("1E+16")]), [0.1, 1e16])


class Point(NamedTuple):
    """A tuple with names."""

    x: int


class Moment(datetime):
    """A time of another library."""


class BrokenZone(tzinfo):
    """A time zone that fails."""

    def utcoffset(self, _moment: datetime | None) -> timedelta:
        """Fail."""
        raise RuntimeError

    dst = tzname = utcoffset  # type: ignore[assignment]


class TestRefused:
    """What would not come back as it was stays out."""

    @pytest.mark.parametrize(
        "value",
        [
            object(),
            Color.RED,
            iter(()),
            lambda: None,
            bytearray(b"x"),
            deque([1]),
            defaultdict(int),
            Counter("a"),
            Point(1),
            Moment(2024, 1, 1, tzinfo=UTC),
            datetime(2024, 1, 1, tzinfo=BrokenZone()),
            # The second 02:30 of that night equals no time of another zone (PEP 495).
            datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
            1j,
        ],
        ids=kind_of,
    )
    def test_at_any_place(self, value: Any) -> None:
        """As a value, in a container, and as a key."""
        for thing in (value, [value], {"a": (value,)}):
            with pytest.raises(CannotFreezeError):
                freeze(thing)

    def test_a_circle_and_what_is_too_deep(self) -> None:
        """A pagination is no place for either."""
        circle: list[Any] = []
        circle.append(circle)
        with pytest.raises(CannotFreezeError):
            freeze(circle)

    @pytest.mark.parametrize(
        "wrap", [lambda x: [x], lambda x: {"a": x}, lambda x: (x,), lambda x: {1: x}]
    )
    def test_whatever_is_deep_but_frozen_can_be_written_and_read(self, wrap: Any) -> None:
        """Depth is that of the JSON: a tuple counts for two levels, a tagged dict for three."""
        thing: Any = date(2024, 1, 1)
        deepest = 0
        for depth in range(MAX_DEPTH + 5):
            thing = wrap(thing)
            try:
                frozen = freeze(thing)
            except CannotFreezeError:
                break
            deepest = depth
            assert same(thaw(json.loads(message({"v": frozen}))["v"]), thing)
        assert MAX_DEPTH / 4 < deepest < MAX_DEPTH


NAMES = {*_TEXTUAL, *_LISTED}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda children: st.one_of(
        st.lists(children, max_size=3),
        st.dictionaries(st.sampled_from(["$type", "value", "a"]) | texts, children, max_size=3),
        st.fixed_dictionaries(
            {
                "$type": st.sampled_from(sorted(NAMES)),
                "value": children,
            }
        ),
    ),
    max_leaves=10,
)


class TestForeign:
    """A STATE may hold anything."""

    @given(json_values)
    def test_any_json_thaws_or_is_a_value_error(self, value: Any) -> None:
        """And nothing else."""
        with contextlib.suppress(ValueError):
            thaw(value)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("decimal", "1e9999999999999999999999"),
            ("decimal", 0.1),
            ("decimal", [0, [1], 2]),
            ("timedelta", [10**12, 0, 0]),
            ("timedelta", [1e300, 0, 0]),
            ("timedelta", "123"),
            ("timedelta", [1] * 9),
            ("datetime", "yesterday"),
            ("datetime", 5),
            ("datetime", "\ud800"),
            ("date", "2024-13-01"),
            ("time", []),
            ("uuid", 5),
            ("uuid", "zz"),
            ("bytes", "YW!Jj"),
            ("bytes", "\ud800"),
            ("float", "1.5.5"),
            ("float", {}),
            ("int", "0xzz"),
            ("text", "/w=="),
            ("tuple", {"a": 1}),
            ("tuple", "abc"),
            ("set", [[1]]),
            ("set", [{}]),
            ("frozenset", [{"$type": "set", "value": []}]),
            ("dict", {"a": 1}),
            ("dict", [[1]]),
            ("dict", [[1, 2, 3]]),
            ("dict", [[[], 1]]),
            ("dict", [5]),
            ("object", "x"),
            ("__class__", []),
            ([], []),
            ({}, []),
            (None, None),
            (5, 5),
        ],
        ids=kind_of,
    )
    def test_what_is_not_of_its_type_is_a_value_error(self, name: Any, value: Any) -> None:
        """At the top and inside."""
        tagged = {TAG: name, "value": value}
        for thing in (tagged, [tagged], {"a": tagged}):
            with pytest.raises(ValueError, match=r"a value (that|of)"):
                thaw(thing)

    @pytest.mark.parametrize(
        "value", [{TAG: "tuple"}, {TAG: "tuple", "value": [], "more": 1}, {TAG: "tuple", "x": []}]
    )
    def test_a_tag_has_a_value_and_nothing_else(self, value: Any) -> None:
        """A source's own key `$type` is written as a pair."""
        with pytest.raises(ValueError, match=r"not one of its kind|unknown type"):
            thaw(value)

    def test_a_huge_exponent_costs_nothing(self) -> None:
        """It is kept as it is, and never spelled out."""
        assert thaw({TAG: "decimal", "value": "1e999999999"}) == Decimal("1e999999999")

    @pytest.mark.parametrize("opening", ["[", '{"a":', '{"$type":"tuple","value":['])
    def test_what_is_too_deep_is_a_value_error(self, opening: str) -> None:
        """Not a RecursionError."""
        depth = 300
        closing = {"[": "]", "{": "}"}
        text = (
            opening * depth
            + "1"
            + "".join(closing[c] for c in reversed(opening) if c in closing) * depth
        )
        with pytest.raises(ValueError, match="a value that is n"):
            thaw(json.loads(text))


class TestSecrets:
    """No secret gets into STATE."""

    @pytest.fixture
    def redact(self) -> Redactor:
        """A redactor that knows one secret."""
        redactor = Redactor()
        redactor.register("s3cr3t-canary")
        return redactor

    @pytest.mark.parametrize(
        "value",
        [
            "s3cr3t-canary",
            {"next": "https://api.example/?token=s3cr3t-canary"},
            {"s3cr3t-canary": 1},
            {1: ["s3cr3t-canary"]},
            ({"a": b"xs3cr3t-canaryx"},),
            "https://user:pass@api.example/",
            {"next": ["ftp://user@host"]},
        ],
        ids=kind_of,
    )
    def test_a_value_with_a_secret_is_found(self, value: Any, redact: Redactor) -> None:
        """As it is, in a URL, as a key, in bytes, or as user info."""
        assert holds_secret(freeze(value), redact)

    @pytest.mark.parametrize(
        "value",
        [
            {"after": "400"},
            "https://api.example/?mail=a@b.example",
            "https://api.example/u@v",
            "https://api.example#@",
            5,
            None,
        ],
        ids=kind_of,
    )
    def test_others_are_not(self, value: Any, redact: Redactor) -> None:
        """An @ elsewhere in a URL is none."""
        assert not holds_secret(freeze(value), redact)

"""Values of HubSpot's properties, clean and dirty."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bizon_taps.hubspot.values import UntypedError, to_bool, to_date, to_datetime, to_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("TRUE", True),
        (" False ", False),
        (True, True),
        ("", None),
    ],
)
def test_booleans(text: Any, value: Any) -> None:
    """Both words are taken in any case, and a cleared value is null."""
    assert to_bool(text) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-17", -17),
        ("12345678901234567890123", 12345678901234567890123),
        ("0.1", 0.1),
        ("1234.50", Decimal("1234.50")),
        ("0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827")),
        ("1e3", Decimal("1e3")),
        (".5", Decimal("0.5")),
        ("9" * 6000, Decimal("9" * 6000)),
        (7, 7),
        ("", None),
    ],
)
def test_numbers(text: Any, value: Any) -> None:
    """Every digit is kept; a float only stands for a text it writes itself."""
    found = to_number(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-31T10:20:30Z", "2026-01-31T10:20:30Z"),
        ("2026-01-31T10:20:30.123Z", "2026-01-31T10:20:30.123Z"),
        ("2026-01-31T12:20:30+02:00", "2026-01-31T12:20:30+02:00"),
        ("2026-01-31 10:20:30", "2026-01-31T10:20:30Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("1706659200000", "2024-01-31T00:00:00Z"),
        ("1706659200001", "2024-01-31T00:00:00.001Z"),
        ("1706659200000.0", "2024-01-31T00:00:00Z"),
        ("-1", "1969-12-31T23:59:59.999Z"),
        (1706659200000, "2024-01-31T00:00:00Z"),
        ("", None),
    ],
)
def test_times(text: Any, value: Any) -> None:
    """ISO text stays as it came; epoch milliseconds become RFC 3339, whole and exact."""
    assert to_datetime(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-31", "2026-01-31"),
        ("1706659200000", "2024-01-31"),
        ("2026-01-31T00:00:00Z", "2026-01-31"),
        ("2026-01-31T02:00:00+02:00", "2026-01-31"),
        ("", None),
    ],
)
def test_dates(text: Any, value: Any) -> None:
    """A date is a day, or midnight UTC of one."""
    assert to_date(text) == value


@pytest.mark.parametrize(
    ("convert", "text"),
    [
        (to_bool, "yes"),
        (to_bool, 1),
        (to_number, "1234;5678"),
        (to_number, "N/A"),
        (to_number, "None"),
        (to_number, "nan"),
        (to_number, "-inf"),
        (to_number, "NaN"),
        (to_number, "1_000"),
        (to_number, "١٢"),
        (to_number, "1e99999"),
        (to_number, True),
        (to_datetime, "soon"),
        (to_datetime, "9" * 18),
        (to_datetime, False),
        (to_date, "2026-02-30"),
        (to_date, "1706659200001"),
    ],
)
def test_what_cannot_be_typed_is_told(convert: Any, text: Any) -> None:
    """Nothing is guessed: a date with a time of day would lose it, 1_000 is Python's."""
    with pytest.raises(UntypedError):
        convert(text)

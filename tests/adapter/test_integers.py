"""An integer of any size is read and written in a time that does not grow with its square."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bizon_singer import integers
from bizon_singer.integers import FEW_BITS, MAX_INT_DIGITS, decimal_of, read_integer


@pytest.mark.parametrize("digits", [1, MAX_INT_DIGITS - 1, MAX_INT_DIGITS])
def test_a_number_of_few_digits_is_an_int(digits: int) -> None:
    """Sources compute with it."""
    value = read_integer("9" * digits)

    assert (type(value), value) == (int, 10**digits - 1)


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_number_of_a_million_digits_is_kept_as_digits(sign: str) -> None:
    """No int is made of it, in which it would be quadratic both to put and to write."""
    text = sign + "9" * 1_000_000
    value = read_integer(text)

    assert type(value) is Decimal
    assert f"{value:f}" == text


@pytest.mark.parametrize("bits", [0, 1, FEW_BITS - 1, FEW_BITS, FEW_BITS + 1, 9 * FEW_BITS + 5])
@pytest.mark.parametrize("add", [-1, 0, 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_decimal_of_an_int_is_its_value(bits: int, add: int, sign: int) -> None:
    """At either side of where it is split, and below zero."""
    value = sign * (2**bits + add)
    found = decimal_of(value)

    assert found == Decimal(value)
    assert found.same_quantum(Decimal(1))


def test_no_large_int_is_made_a_decimal_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python is quadratic in the bits of one: a million digits are given to it in small parts."""
    bits: list[int] = []

    def counted(value: int) -> Decimal:
        bits.append(value.bit_length())
        return Decimal(value)

    monkeypatch.setattr(integers, "Decimal", counted)
    value = 2**3_321_928 - 1

    assert decimal_of(value).adjusted() == 999_999
    assert sum(bits) <= value.bit_length()
    assert max(bits) <= FEW_BITS

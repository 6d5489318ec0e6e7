"""Integers of any size and their digits, in a time that does not grow with the square of them.

Python makes an int of a million digits in half a minute, and of what fills a body in weeks: one
number of a hostile API would stop a run. A Decimal keeps digits as they are, and so are they read
here; it also multiplies fast, and so are they written.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact

MAX_INT_DIGITS = 4_300
"""How many digits ``int()`` takes of a text, unless Python is told otherwise."""
FEW_BITS = 2**14
"""An int up to here becomes a Decimal fastest at once."""

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])


def read_integer(digits: str) -> int | Decimal:
    """Return the number of a text: an int, or a Decimal where it is too long for one."""
    return int(digits) if len(digits) <= MAX_INT_DIGITS else Decimal(digits)


def decimal_of(value: int) -> Decimal:
    """Return an int as a Decimal of the same value."""
    bits = value.bit_length()
    if bits <= FEW_BITS:
        return Decimal(value)
    half = bits // 2
    high, low = value >> half, value & ((1 << half) - 1)
    return _EXACT.fma(decimal_of(high), _EXACT.power(2, half), decimal_of(low))

"""Reads Avro's primitive types; https://avro.apache.org/docs/1.12.0/specification/#primitive-types-1.

A reader takes the bytes of a message and an index, and returns the value that starts there and the
index after it. What is cut off raises IndexError, struct.error or DecodeError.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from bizon_taps.kafka.decoding.error import DecodeError

Read = Callable[[bytes, int], tuple[Any, int]]

CUT_OFF = "it ends before its schema does"
MORE = 0x80
_LONG_BITS = 64
_SHIFTS = range(7, _LONG_BITS, 7)
_INT_RANGE = range(-(2**31), 2**31)
_float_at = struct.Struct("<f").unpack_from
_double_at = struct.Struct("<d").unpack_from


def read_null(_data: bytes, at: int) -> tuple[None, int]:
    """Read a value that takes no bytes."""
    return None, at


def read_boolean(data: bytes, at: int) -> tuple[bool, int]:
    """Read one byte, 0 or 1."""
    byte = data[at]
    if byte > 1:
        raise DecodeError("a boolean in it is neither 0 nor 1")
    return byte == 1, at + 1


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of 64 bits: zigzag, seven bits a byte."""
    byte = data[at]
    at += 1
    if byte < MORE:
        return (byte >> 1) ^ -(byte & 1), at
    number = byte & 0x7F
    for shift in _SHIFTS:
        byte = data[at]
        at += 1
        if byte < MORE:
            number |= byte << shift
            if number >> _LONG_BITS:
                break
            return (number >> 1) ^ -(number & 1), at
        number |= (byte & 0x7F) << shift
    raise DecodeError("a number in it takes more than 64 bits")


def read_int(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of 32 bits, written like a long."""
    byte = data[at]
    if byte < MORE:
        return (byte >> 1) ^ -(byte & 1), at + 1
    number, at = read_long(data, at)
    if number not in _INT_RANGE:
        raise DecodeError("a number in it takes more than 32 bits")
    return number, at


def read_float(data: bytes, at: int) -> tuple[float, int]:
    """Read four bytes."""
    return _float_at(data, at)[0], at + 4


def read_double(data: bytes, at: int) -> tuple[float, int]:
    """Read eight bytes."""
    return _double_at(data, at)[0], at + 8


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Read a length and so many bytes."""
    size = data[at]
    at += 1
    if size >= MORE:
        following = data[at]
        if following < MORE:  # two bytes: up to 8,191
            size += (following - 1) << 7
            at += 1
        else:
            size, at = read_long(data, at - 1)
            size = size << 1 if size >= 0 else 1
    if size & 1:
        raise DecodeError("a length in it is negative")
    end = at + (size >> 1)
    if end > len(data):
        raise DecodeError(CUT_OFF)
    return data[at:end], end


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """Read a length and so many bytes of UTF-8."""
    size = data[at]
    if size < MORE and not size & 1:  # nearly all: a call less takes a quarter off
        at += 1
        end = at + (size >> 1)
        if end <= len(data):
            return data[at:end].decode(), end
        raise DecodeError(CUT_OFF)
    raw, at = read_bytes(data, at)
    return raw.decode(), at


def fixed_reader(size: int) -> Read:
    """Return what reads so many bytes."""

    def read(data: bytes, at: int) -> tuple[bytes, int]:
        end = at + size
        if end > len(data):
            raise DecodeError(CUT_OFF)
        return data[at:end], end

    return read


PRIMITIVES: dict[str, Read] = {
    "null": read_null,
    "boolean": read_boolean,
    "int": read_int,
    "long": read_long,
    "float": read_float,
    "double": read_double,
    "bytes": read_bytes,
    "string": read_string,
}

"""A message no client of Kafka writes, as bytes on a broker's wire.

https://kafka.apache.org/documentation/#recordbatch
"""

from __future__ import annotations

import socket
import struct

PRODUCE, VERSION = 0, 3
"""The oldest version of the request that a broker of Kafka 4 takes."""
_CASTAGNOLI = 0x82F63B78


def produce(address: str, topic: str, record: bytes) -> int:
    """Write a batch of one record to partition 0; return its offset.

    Raises:
        AssertionError: The broker does not take it.
    """
    sized = _batch(record)
    body = struct.pack(">hhih", PRODUCE, VERSION, 0, -1)  # the request's number, no client's name
    body += struct.pack(">hhiI", -1, -1, 30_000, 1)  # no transaction, all replicas, time to wait
    body += struct.pack(">H", len(topic)) + topic.encode()
    body += struct.pack(">IiI", 1, 0, len(sized)) + sized
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(struct.pack(">I", len(body)) + body)
        answer = connection.makefile("rb")
        (size,) = struct.unpack(">I", answer.read(4))
        said = answer.read(size)
    # Behind the number of the request: one topic with its name, one partition.
    partition, error, offset = struct.unpack_from(">ihq", said, 4 + 4 + 2 + len(topic) + 4)
    assert (partition, error) == (0, 0)
    return int(offset)


def record_of(value: bytes, key: bytes | None, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return a record, its headers' names being any bytes."""
    body = b"\0" + _varint(0) * 2 + _sized(key) + _sized(value) + _varint(len(headers))
    body += b"".join(_sized(part) for header in headers for part in header)
    return _varint(len(body)) + body


def _batch(record: bytes) -> bytes:
    """Return a batch that is neither compressed nor of a producer with a number."""
    checked = struct.pack(">hiqqqhiI", 0, 0, 1_000, 1_000, -1, -1, -1, 1) + record
    rest = struct.pack(">ibI", -1, 2, _crc32c(checked)) + checked
    return struct.pack(">qI", 0, len(rest)) + rest


def _sized(part: bytes | None) -> bytes:
    return _varint(-1) if part is None else _varint(len(part)) + part


def _varint(number: int) -> bytes:
    """Return a number in zigzag, seven bits a byte."""
    rest, written = (number << 1) ^ (number >> 63), bytearray()
    while rest > 0x7F:
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*written, rest])


def _crc32c(data: bytes) -> int:
    """Return the checksum by Castagnoli's polynomial, which no module of Python has."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_CASTAGNOLI if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF

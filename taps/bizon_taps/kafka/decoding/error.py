"""What is wrong with a message, in words that hold nothing of it.

::

    DecodeError            ProtocolError: the bytes are not what they should be
    └── UnknownSchemaError     the registry knows no schema of the id in the message
"""

from __future__ import annotations

from bizon_singer.errors import ProtocolError


class DecodeError(ProtocolError):
    """The key or value of a message cannot be decoded.

    Args:
        reason: What is wrong with it, never what it holds.
    """

    def __init__(self, reason: str) -> None:
        """Keep the reason; whoever knows topic, partition and offset makes the sentence."""
        super().__init__(reason)
        self.reason = reason


class UnknownSchemaError(DecodeError):
    """The schema a message was written with is not in the registry."""


class BrokenSchemaError(Exception):
    """A text is no schema of its language; says what is wrong with it, without its content."""

"""What a tap writes, kept instead of written: a run that a command looks at."""

from __future__ import annotations

import msgspec

from bizon_singer import stdout


class Message(msgspec.Struct):
    """What is used of a Singer message; values stay as they were written, to the last digit."""

    type: str
    stream: str = ""
    record: dict[str, msgspec.Raw] = {}
    schema: msgspec.Raw = msgspec.Raw(b"{}")


class Collector(stdout.Writer):
    """Keeps the messages a tap writes."""

    def __init__(self) -> None:
        """Bind to no descriptor."""
        super().__init__(-1)
        self.messages: list[Message] = []

    def write(self, lines: bytes) -> None:
        """Keep the messages in some lines."""
        self.messages += map(msgspec.json.Decoder(Message).decode, lines.splitlines())

    def of(self, kind: str) -> dict[str, list[Message]]:
        """Return the messages of a kind by stream, in the order the streams came."""
        found: dict[str, list[Message]] = {}
        for message in self.messages:
            if message.type == kind:
                found.setdefault(message.stream, []).append(message)
        return found

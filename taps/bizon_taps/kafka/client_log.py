"""The log of librdkafka, in which each thing is said once a minute.

While a broker is away or refuses, librdkafka tells of every try to connect, a dozen times a second.
"""

from __future__ import annotations

import logging
import re
from time import monotonic

logger = logging.getLogger("bizon_singer.kafka.librdkafka")

AGAIN_SECONDS = 60.0
"""How soon the same thing is said again."""
MAX_THINGS = 1_000
_VARYING = re.compile(r"#(consumer|producer)-\d+| \(after \d+ms in state .*", re.DOTALL)
"""Which of the clients says it, how long it took, and how often it was not said."""


class OncePerMinute(logging.Filter):
    """Leaves out what was said just before, by whichever client; says how often, later on."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        super().__init__()
        self._until: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is written."""
        if record.levelno <= logging.DEBUG:  # who asks for all of it gets all of it
            return True
        text = record.getMessage()
        thing, now = _VARYING.sub("", text), monotonic()
        if now < self._until.get(thing, now):
            self._left_out[thing] = self._left_out.get(thing, 0) + 1
            return False
        if len(self._until) >= MAX_THINGS:
            self._until.clear()
            self._left_out.clear()
        self._until[thing] = now + AGAIN_SECONDS
        again = self._left_out.pop(thing, 0)
        if again:
            record.msg, record.args = "%s (said %d more times since)", (text, again)
        return True


logger.addFilter(OncePerMinute())

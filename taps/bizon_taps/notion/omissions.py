"""What a stream leaves out because Notion does not give it: told one by one, and counted.

Only what the integration cannot have is left out: what is not shared with it, and what the API
does not give. Any other request that fails, fails its stream.
"""

from __future__ import annotations

import logging
from collections import Counter

logger = logging.getLogger(__name__)

NOT_SHARED = "not shared with the integration, or deleted"
UNSUPPORTED = "not given by the API of Notion"
TOO_DEEP = "below `max_recursion_depth`"
TOLD_EACH = 20
"""How many are told one by one; the rest is only counted."""


class Omissions:
    """What one stream left out in this run.

    Args:
        stream: Its name.
    """

    def __init__(self, stream: str) -> None:
        """Have left out nothing."""
        self._stream = stream
        self._counts: Counter[str] = Counter()

    def add(self, what: str, why: str) -> None:
        """Note something that is left out.

        Args:
            what: What it is, with its id.
            why: One of the reasons of this module.
        """
        self._counts[why] += 1
        if why != TOO_DEEP and self._counts[why] <= TOLD_EACH:
            logger.warning("Stream %r leaves out %s: %s.", self._stream, what, why)

    def tell(self) -> None:
        """Say how much was left out, at the end of the stream."""
        if self._counts:
            parts = ", ".join(f"{count} {why}" for why, count in sorted(self._counts.items()))
            logger.warning("Stream %r: %d left out: %s.", self._stream, self._counts.total(), parts)

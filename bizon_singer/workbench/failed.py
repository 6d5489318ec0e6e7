"""A stream that could not be read, as the error that ends a command."""

from __future__ import annotations

from bizon_singer.errors import BizonSingerError
from bizon_singer.failure import Failure


class StreamFailedError(BizonSingerError):
    """A stream could not be read.

    Args:
        failure: What ended it.
    """

    def __init__(self, failure: Failure) -> None:
        """Take over the sentence and the exit code."""
        super().__init__(str(failure))
        self.exit_code = failure.exit_code

"""What is said of the fields of a stream: left out, too narrow, or losing something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from logging import Logger

from bizon_singer.redact import excerpt

SHOWN_FIELDS = 10
NAME_LENGTH = 60


class FieldWarnings:
    """Warns of the fields of one stream.

    Args:
        logger: Where to.
        stream: Its name.
    """

    def __init__(self, logger: Logger, stream: str) -> None:
        """Have warned of none."""
        self._logger = logger
        self._stream = stream

    def removed(self, crumbs: Iterable[tuple[str, ...]]) -> None:
        """Say which fields the user's catalog no longer has."""
        self._logger.warning(
            "Stream %r: the catalog lacks %s, which the source has, and which is left out; "
            "discover again to have it, or deselect it.",
            self._stream,
            _listed(".".join(crumb[1::2]) for crumb in sorted(crumbs)),
        )

    def widened(self, fields: Iterable[str]) -> None:
        """Say which fields of the declared schema did not fit."""
        self._logger.warning(
            "Stream %r: values of %s do not fit the declared schema; it was widened, nothing "
            "is lost.",
            self._stream,
            _listed(fields),
        )

    def lost(self, field: str, what: str) -> None:
        """Say, the first time, what was lost of a value."""
        self._logger.warning("Stream %r, field `%s`: %s.", self._stream, excerpt(field, 80), what)

    def lost_in_all(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Say how often values lost something, beyond the first time.

        Args:
            counts: By field and what was lost.
        """
        for (field, what), count in counts.items():
            if count > 1:
                self._logger.warning(
                    "Stream %r, field `%s`: %s in %d records.",
                    self._stream,
                    excerpt(field, 80),
                    what,
                    count,
                )


def _listed(fields: Iterable[str]) -> str:
    names = islice(fields, SHOWN_FIELDS)
    return ", ".join(f"`{excerpt(name, NAME_LENGTH)}`" for name in names)

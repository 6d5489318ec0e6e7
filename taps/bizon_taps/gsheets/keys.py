"""Keys of a worksheet that somebody chose: each row has one, and no two the same.

A target keeps one of two rows with the same key, and nobody is told which: so that is an error. Of
a key, eight bytes are kept, whatever it is made of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bizon_singer.errors import ConfigError
from bizon_singer.source.models import SourceRecord
from bizon_taps.gsheets.columns import ROW_NUMBER
from bizon_taps.gsheets.spreadsheet import Worksheet
from bizon_taps.gsheets.table import named

_ADVICE = "choose other `key_properties`, or leave them out to have the number of the row"


class KeyLedger:
    """The keys seen so far.

    Args:
        worksheet: For messages.
        columns: What makes a key.
    """

    def __init__(self, worksheet: Worksheet, columns: Sequence[str]) -> None:
        """Have seen none."""
        self._worksheet = worksheet
        self._columns = [column for column in columns if column != ROW_NUMBER]
        self._rows: dict[bytes, int] = {}
        self.is_needed = bool(columns) and ROW_NUMBER not in columns

    def add_all(self, records: Iterable[SourceRecord]) -> None:
        """Note the keys of records; raises as :meth:`add`."""
        for record in records:
            self.add(record.data)

    def add(self, record: Mapping[str, Any]) -> None:
        """Note the key of a record.

        Raises:
            ConfigError: It has none, or an earlier row has the same.
        """
        row = record[ROW_NUMBER]
        values = []
        for column in self._columns:
            value = record.get(column)
            if value is None:
                raise ConfigError(
                    f"{named(self._worksheet)}, row {row:,}: there is no value in `{column}`, "
                    f"which is a key; {_ADVICE}"
                )
            values.append(repr(value))  # 1 and "1" are two
        text = "\0".join(values).encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(text, digest_size=8).digest()
        before = self._rows.setdefault(digest, row)
        if before != row:
            raise ConfigError(
                f"{named(self._worksheet)}: rows {before:,} and {row:,} have the same "
                f"{' and '.join(f'`{column}`' for column in self._columns)}, which is a key; "
                f"{_ADVICE}"
            )

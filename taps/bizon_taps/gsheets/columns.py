"""Names of columns from a header: every column has one, and no two have the same.

Names differ in more than case, for most databases fold it; of columns that would have the same
name, the first keeps it and the others are numbered. A blank header is named by the letters of its
column. What a name is follows from the header alone, so it is the same in every run.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bizon_taps.gsheets.area import letters_of

ROW_NUMBER = "_row_number"
ERRORS = "_errors"
_BLANKS = re.compile(r"\s+")
_NO_NAME = re.compile(r"[^\w]+|_+")


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        number: Its place in the worksheet, from 1.
        name: What it is called in records.
        header: What its header says, blanks around it left out; empty if nothing.
    """

    number: int
    name: str
    header: str = ""


@dataclass
class Naming:
    """How columns of a worksheet are named.

    Attributes:
        as_sql: Whether names are in lower case, of letters, digits and underscores.
    """

    as_sql: bool
    _taken: set[str] = field(default_factory=lambda: {ROW_NUMBER, ERRORS})

    def columns(self, left: int, headers: Sequence[str]) -> list[Column]:
        """Return the columns of a header, from the column ``left`` on."""
        named = [
            Column(number, self._unique(self._name(text, number)), _BLANKS.sub(" ", text).strip())
            if text.strip()
            else None
            for number, text in enumerate(headers, left)
        ]
        # Blank headers come last: their names must not take one that somebody chose.
        return [column or self.blank(number) for number, column in enumerate(named, left)]

    def blank(self, number: int) -> Column:
        """Return a column whose header is blank."""
        letters = letters_of(number)
        return Column(number, self._unique(f"column_{letters.lower() if self.as_sql else letters}"))

    def _name(self, header: str, number: int) -> str:
        text = _BLANKS.sub(" ", header).strip()
        if not self.as_sql:
            return text
        return as_sql(text) or f"column_{letters_of(number).lower()}"

    def _unique(self, name: str) -> str:
        chosen, count = name, 1
        while chosen.casefold() in self._taken:
            count += 1
            chosen = f"{name}_{count}"
        self._taken.add(chosen.casefold())
        return chosen


def as_sql(text: str) -> str:
    """Return a name in lower case, of letters, digits and underscores; empty if none is left.

    Accents are left out; letters of any script stay. A name that would start with a digit has an
    underscore before it.
    """
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter) or ord(letter) > LAST_ACCENT
    )
    name = _NO_NAME.sub("_", unicodedata.normalize("NFKC", plain).lower()).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


LAST_ACCENT = 0x036F
"""Combining marks beyond are of scripts that cannot do without them."""


def unique_names(groups: Iterable[Sequence[str]]) -> list[str]:
    """Return a name for each of some things, no two of them alike but for case.

    Args:
        groups: For each, names from the shortest on; the last ones differ from all others.

    Who shares a name takes the next one, all of them, so that no name depends on an order.
    """
    choices = [list(dict.fromkeys(group)) for group in groups]
    places = [0] * len(choices)
    while True:
        counts: dict[str, list[int]] = {}
        for number, (choice, place) in enumerate(zip(choices, places, strict=True)):
            counts.setdefault(choice[place].casefold(), []).append(number)
        moved = False
        for sharing in counts.values():
            for number in sharing if len(sharing) > 1 else ():
                if places[number] + 1 < len(choices[number]):
                    places[number] += 1
                    moved = True
        if not moved:
            return [choice[place] for choice, place in zip(choices, places, strict=True)]

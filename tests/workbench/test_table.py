"""Tables of bizon-singer: one line a row in a file, and as wide as the terminal on one."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from bizon_singer import stdout
from bizon_singer.workbench.answer import Colour
from bizon_singer.workbench.table import Cell, aligned, cut, indented, width_of

TEXT = "a text of some words, and some more of them"
ROWS: list[list[Cell | str]] = [
    ["NAME", Cell("COUNT", is_number=True), "WHAT IT IS"],
    ["one", Cell("7", is_number=True), TEXT],
    ["the other", Cell("12", is_number=True), "short"],
]


class Screen(stdout.Writer):
    """A terminal of some width; nothing is written to it here."""

    def __init__(self, width: int) -> None:
        """Bind to no descriptor."""
        super().__init__(-1)
        self._width = width

    def isatty(self) -> bool:
        """Say that a person reads it."""
        return True

    def columns(self) -> int:
        """Return its width."""
        return self._width


@pytest.fixture(autouse=True)
def no_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the width be that of the screen alone."""
    monkeypatch.delenv("COLUMNS", raising=False)


def screen(width: int) -> AbstractContextManager[None]:
    """Show what is written on a terminal of some width."""
    return stdout.replaced_by(Screen(width))


def test_a_file_gets_one_line_a_row() -> None:
    """However long it is: programs read lines."""
    assert aligned(ROWS) == [
        "NAME       COUNT  WHAT IT IS",
        f"one            7  {TEXT}",
        "the other     12  short",
    ]
    assert indented(TEXT) == [f"    {TEXT}"]


def test_a_last_column_goes_on_below_itself() -> None:
    """Between words, where the terminal ends; what fits stays as it is."""
    with screen(40):
        assert "\n".join(aligned(ROWS)).splitlines() == [
            "NAME       COUNT  WHAT IT IS",
            "one            7  a text of some words,",
            "                  and some more of them",
            "the other     12  short",
        ]
    with screen(18 + len(TEXT)):
        assert len(aligned(ROWS)[1].splitlines()) == 1
        assert indented(TEXT) == [f"    {TEXT}"]
    with screen(30):
        assert indented(TEXT) == ["    a text of some words, and", "    some more of them"]


def test_a_narrow_terminal_gets_the_last_column_below_the_row() -> None:
    """Where it would have no room beside the others."""
    with screen(30):
        assert "\n".join(aligned(ROWS)).splitlines() == [
            "NAME       COUNT  WHAT IT IS",
            "one            7",
            "    a text of some words, and",
            "    some more of them",
            "the other     12  short",
        ]


def test_a_word_that_is_too_long_is_not_broken() -> None:
    """An address can be copied whole."""
    address = f"https://{'x' * 50}"
    with screen(30):
        assert aligned([["at", f"see {address} there"]]) == [f"at  see\n    {address}\n    there"]


def test_the_user_s_word_on_the_width_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS, as everywhere; a terminal that knows no width has 80."""
    monkeypatch.setenv("COLUMNS", "40")
    with screen(200):
        assert len(aligned(ROWS)[1].splitlines()) == 2
    monkeypatch.setenv("COLUMNS", "")
    with screen(0):
        assert len(aligned(ROWS)[1].splitlines()) == 1
        assert len(aligned([["x" * 30, f"{TEXT}, {TEXT}"]])[0].splitlines()) == 2


def test_wide_characters_take_two_columns() -> None:
    """So that what follows them stands in line."""
    wide = "\u30d4\u30ab\u30c1\u30e5\u30a6"
    assert width_of(wide) == 10
    assert aligned([[wide, "x"], ["pikachu", "x"]]) == [f"{wide}  x", "pikachu     x"]
    assert cut(wide, 6) == f"{wide[:2]}\u2026"


def test_a_colour_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not among what is counted."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with screen(40):
        (first, second) = aligned([[Cell("ok", Colour.GOOD), "x"], ["FAILED", "x"]])
    assert first == "\x1b[32mok\x1b[0m      x"
    assert second == "FAILED  x"

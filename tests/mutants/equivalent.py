"""Mutants that change nothing anybody could see, each with the reason.

They are known by their module and by what they change, because their numbers move with the code.
"""

from __future__ import annotations

from typing import Final

_NO_DESCRIPTOR = "this writer has no descriptor, and never asks for one"
_A_TRUTH = "only its truth is asked for"
_SAME_LENGTH = "the two lengths were compared just before"
_A_COPY = "the dict is copied once more, which nobody can tell but by a clock"
_LOCALE = "the locale of every machine this runs on is UTF-8, and names of encodings have no case"
_OPENED = (
    '- STDERR, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False\n'
    '+ STDERR, "w", buffering=1, '
)
_PAIRS = "- for new, old in zip(records, self._before, strict=True)\n+ for new, old in "
_VERSION = (
    "- version = self._start.version if self._start else None\n"
    "+ version = self._start.version if (self._start) or True else None"
)
_DATA = "- data if type(data) is dict else dict(data),\n+ data if "

EQUIVALENT: Final[dict[tuple[str, str], str]] = {
    ("stdout", "- super().__init__(-1)\n+ super().__init__(None)"): _NO_DESCRIPTOR,
    ("stdout", "- super().__init__(-1)\n+ super().__init__(+1)"): _NO_DESCRIPTOR,
    ("stdout", "- super().__init__(-1)\n+ super().__init__(-2)"): _NO_DESCRIPTOR,
    ("stdout", f'{_OPENED}encoding=None, errors="backslashreplace", closefd=False'): _LOCALE,
    ("stdout", f'{_OPENED}errors="backslashreplace", closefd=False'): _LOCALE,
    ("stdout", f'{_OPENED}encoding="UTF-8", errors="backslashreplace", closefd=False'): _LOCALE,
    ("outlet", "- self._owes_state = False\n+ self._owes_state = None"): _A_TRUTH,
    ("iteration", f"{_PAIRS}zip(records, self._before, strict=None)"): _SAME_LENGTH,
    ("iteration", f"{_PAIRS}zip(records, self._before, strict=False)"): _SAME_LENGTH,
    ("iteration", f"{_PAIRS}zip(records, self._before, )"): _SAME_LENGTH,
    ("iteration", f"{_DATA}(type(data) is dict) and False else dict(data),"): _A_COPY,
    ("iteration", f"{_DATA}type(None) is dict else dict(data),"): _A_COPY,
    ("bookmark", _VERSION): "begin() sets it together with the intent asserted just before",
}

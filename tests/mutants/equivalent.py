"""Mutants that change nothing anybody could see, each with the reason.

They are known by their module and by what they change, because their numbers move with the code.
"""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[tuple[str, str], str]] = {}

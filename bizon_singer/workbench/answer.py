"""Writes answers to stdout: lines for a person, or one JSON document for a program.

What is written is redacted: unlike the records a tap writes, it is meant for eyes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import click
import orjson

from bizon_singer import stdout
from bizon_singer.redact import redact

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the answer as one JSON document."
)


class Colour(StrEnum):
    """What a colour means, by the number a terminal knows it by."""

    BAD = "31"
    GOOD = "32"
    DOUBTFUL = "33"


def painted(text: str, colour: Colour) -> str:
    """Return a text in a colour, where one can be seen and is wanted (https://no-color.org)."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if wanted and stdout.current().isatty():
        return f"\x1b[{colour}m{text}\x1b[0m"
    return text


def write_lines(lines: Iterable[str]) -> None:
    """Write lines of text."""
    text = "".join(f"{line.rstrip()}\n" for line in lines)
    stdout.current().write(redact(text).encode("utf-8", "backslashreplace"))


def write_json(value: Any) -> None:
    """Write a JSON document; :class:`orjson.Fragment` in it is written as it stands."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    stdout.current().write(redact(text).encode())

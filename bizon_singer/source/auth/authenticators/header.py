"""What a header may carry: checked in the settings, where the culprit can still be named."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

# RFC 9110, 5.5 and 5.6.2; http.client sends values as latin-1.
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _checked_value(text: str) -> str:
    text = text.strip()  # a token read from a file ends in a line break
    if not _VALUE.fullmatch(text):
        message = "must not hold line breaks, control characters or letters beyond latin-1"
        raise ValueError(message)
    return text


def _checked_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        message = "must be the name of a header"
        raise ValueError(message)
    return text


HeaderValue = Annotated[str, AfterValidator(_checked_value)]
HeaderName = Annotated[str, AfterValidator(_checked_name)]

"""What goes wrong with an answer that would have been good, as Google itself says it."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.fakes.gsheets.refusal import Refusal
from tests.fakes.trouble import Spoil


def refuse(refusal: Refusal) -> Spoil:
    """Return a refusal in place of the answer."""
    body = json.dumps(refusal.body).encode()
    return lambda good: replace(good, status=refusal.status, body=body)

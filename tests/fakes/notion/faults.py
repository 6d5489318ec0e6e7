"""What goes wrong with an answer that would have been good, as Notion itself says it."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.fakes.notion.refusal import RefusalError
from tests.fakes.trouble import Spoil


def refuse(refusal: RefusalError) -> Spoil:
    """Return a refusal in place of the answer."""
    body = json.dumps(refusal.body("00000000-0000-0000-0000-000000000000")).encode()
    return lambda good: replace(good, status=refusal.status, body=body)

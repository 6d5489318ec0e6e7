"""What goes wrong with an answer that would have been good, as HubSpot itself says it."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.fakes.hubspot.refusal import rate_limited
from tests.fakes.trouble import Spoil


def too_many(policy: str = "TEN_SECONDLY_ROLLING", **headers: str) -> Spoil:
    """Return a 429 of a policy, often without a word on when to come back."""
    body = json.dumps(rate_limited(policy).body).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda good: replace(good, status=429, body=body, headers={**good.headers, **named})

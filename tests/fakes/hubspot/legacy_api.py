"""Endpoints that have no successor of their own: events of emails, subscriptions, workflows.

Version 1 pages by an offset of its own, within a window of time. No official document is left of
it but the pages HubSpot keeps for those who still use it.
"""

from __future__ import annotations

from typing import Any

from tests.fakes.hubspot.call import Call, forward_page
from tests.fakes.hubspot.portal import Portal
from tests.fakes.hubspot.refusal import invalid

LIMIT_MOST = 1000
FLOWS_MOST = 100


def list_email_events(portal: Portal, call: Call) -> Any:
    """Events of emails in a window of time, the newest first."""
    return _window(portal.assets.get("email_events", []), "created", "events", call)


def list_subscription_changes(portal: Portal, call: Call) -> Any:
    """Changes of subscriptions in a window of time, the newest first."""
    return _window(portal.assets.get("subscription_changes", []), "timestamp", "timeline", call)


def _window(rows: list[dict[str, Any]], moment: str, field: str, call: Call) -> Any:
    start, end = _time(call, "startTimestamp", 0), _time(call, "endTimestamp", 1 << 62)
    found = sorted(
        (row for row in rows if start <= row[moment] < end), key=lambda row: -int(row[moment])
    )
    limit = call.limit(100, LIMIT_MOST)
    offset = call.text("offset")
    at = int(offset, 36) if offset else 0
    has_more = len(found) > at + limit
    return {
        "hasMore": has_more,
        "offset": _base36(min(at + limit, len(found))),
        field: found[at : at + limit],
    }


def _time(call: Call, name: str, default: int) -> int:
    text = call.text(name, str(default))
    if not text.isdecimal():
        raise invalid(f"{name} is a time in milliseconds.", **{name: [text]})
    return int(text)


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return (_base36(number // 36) if number >= 36 else "") + digits[number % 36]


def list_workflows(portal: Portal, call: Call) -> Any:
    """All workflows at once, as version 3 gives them."""
    del call
    return {"workflows": portal.assets.get("workflows", [])}


def list_flows(portal: Portal, call: Call) -> Any:
    """Workflows as version 4 gives them."""
    return forward_page(portal.assets.get("flows", []), call, default=100, most=FLOWS_MOST)

"""Endpoints of marketing: forms and submissions, emails, campaigns, types of subscription."""

from __future__ import annotations

from typing import Any

from tests.fakes.hubspot.call import Call, forward_page, with_paging
from tests.fakes.hubspot.clock import iso
from tests.fakes.hubspot.portal import Portal
from tests.fakes.hubspot.refusal import invalid, not_found

PAGE_MOST = 100
SUBMISSIONS_MOST = 50


def list_forms(portal: Portal, call: Call) -> Any:
    """Forms, active ones or archived ones."""
    archived = call.flag("archived")
    forms = [form for form in portal.assets.get("forms", []) if form["archived"] == archived]
    return forward_page(forms, call, default=20, most=PAGE_MOST)


def list_submissions(portal: Portal, call: Call) -> Any:
    """Submissions of a form, the newest first, after the one read last."""
    identity = call.variables["formId"]
    if identity not in {form["id"] for form in portal.assets.get("forms", [])}:
        raise not_found(f"form {identity}")
    limit, after = call.limit(20, SUBMISSIONS_MOST), call.text("after")
    newest = portal.submissions.get(identity, [])[::-1]
    ids = [entry["conversionId"] for entry in newest]
    if after and after not in ids:
        raise invalid("after is no cursor of this endpoint.", after=[after])
    start = ids.index(after) + 1 if after else 0
    more = ids[start + limit - 1] if len(ids) > start + limit else None
    return with_paging(newest[start : start + limit], more)


def list_emails(portal: Portal, call: Call) -> Any:
    """Marketing emails, with what became of them if that is asked for."""
    archived, stats = call.flag("archived"), call.flag("includeStats")
    emails = [
        entry if stats else {name: value for name, value in entry.items() if name != "stats"}
        for entry in portal.assets.get("emails", [])
        if entry["archived"] == archived
    ]
    return {"total": len(emails), **forward_page(emails, call, default=10, most=PAGE_MOST)}


def list_campaigns(portal: Portal, call: Call) -> Any:
    """Campaigns, with the properties that are asked for alone."""
    asked = call.names("properties")
    rows = [
        {
            **entry,
            "properties": {
                name: value for name, value in entry["properties"].items() if name in asked
            },
        }
        for entry in portal.assets.get("campaigns", [])
    ]
    return {"total": len(rows), **forward_page(rows, call, default=50, most=PAGE_MOST)}


def list_events(portal: Portal, call: Call) -> Any:
    """Marketing events, ended ones too."""
    rows = portal.assets.get("marketing_events", [])
    return forward_page(rows, call, default=10, most=PAGE_MOST, key="objectId")


def list_subscription_types(portal: Portal, call: Call) -> Any:
    """Types of subscription to emails; version 3 calls them otherwise than the later ones."""
    rows = portal.assets.get("subscription_types", [])
    if call.version == "v3":
        return {"subscriptionDefinitions": rows}
    now = iso(portal.clock.now())
    return {"status": "COMPLETE", "startedAt": now, "completedAt": now, "results": rows}

"""A small portal with something of everything, the same on every run."""

from __future__ import annotations

from tests.fakes.hubspot import assets
from tests.fakes.hubspot.clock import DAY_MS
from tests.fakes.hubspot.portal import DAY_ONE, Portal


def fill(portal: Portal, *, each: int = 3) -> None:
    """Put so many of everything into a portal: each kind of object, and one of them archived."""
    portal.add_custom_type("pets", pet_name="string", weight="number", born="date")
    for kind, of in portal.types.items():
        text = next((name for name, type_ in of.own if type_ == "string"), None)
        ids = [
            portal.create(kind, {text: f"{kind} {number} é"} if text else {})
            for number in range(1, each + 1)
        ]
        portal.archive(kind, ids[-1])
    contacts, companies = portal.ids("contacts"), portal.ids("companies")
    portal.associate("contacts", contacts[0], "companies", companies[0], "Billing contact")
    portal.associate("contacts", contacts[1], "companies", companies[0])
    fill_people(portal, each)
    fill_marketing(portal, each)
    for name in ("Everybody", "Nobody", "Everybody again"):
        identity = portal.segments.add(name, DAY_ONE)
        for contact in contacts if name != "Nobody" else ():
            portal.segments.join(identity, contact, DAY_ONE + DAY_MS)


def fill_people(portal: Portal, each: int) -> None:
    """Put owners and users into a portal: one owner is a queue, one is archived."""
    for number in range(1, each + 1):
        address = f"person{number}@example.com"
        portal.accounts.add_user(number, address)
        portal.accounts.add_owner(
            number, DAY_ONE, email=None if number == 1 else address, archived=number == each
        )


def fill_marketing(portal: Portal, each: int) -> None:
    """Put something of each kind of marketing into a portal."""
    moments = [(number, DAY_ONE + number * DAY_MS) for number in range(1, each + 1)]
    makers = {
        "emails": assets.email,
        "campaigns": assets.campaign,
        "subscription_types": assets.subscription_type,
        "email_events": assets.email_event,
        "subscription_changes": assets.subscription_change,
        "workflows": assets.workflow,
        "flows": assets.flow,
        "marketing_events": assets.marketing_event,
    }
    for kind, make in makers.items():
        portal.assets[kind] = [make(number, moment) for number, moment in moments]
    portal.assets["forms"] = [
        assets.form(number, moment, archived=number == each) for number, moment in moments
    ]
    for form in portal.assets["forms"]:
        portal.submissions[form["id"]] = [assets.submission(*moment) for moment in moments]

"""The types of CRM objects: their streams, paths and the property that tells when one changed.

https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide. Why contacts differ: their
cursor is ``lastmodifieddate``; they also own an ``hs_lastmodifieddate``, which does not move.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ID = "hs_object_id"
CONTACTS_MODIFIED = "lastmodifieddate"
MODIFIED = "hs_lastmodifieddate"
_CUSTOM = re.compile(r"[ap][0-9]+_[A-Za-z0-9_]+|2-[0-9]+")


@dataclass(frozen=True)
class CrmObject:
    """A type of CRM object.

    Attributes:
        name: Name of its stream.
        path: What stands for it in paths.
        type_id: Its number, by which schemas and lists name it; empty if not known.
        about: What it is, for the catalog.
    """

    name: str
    path: str
    type_id: str
    about: str

    @property
    def modified(self) -> str:
        """The property that moves with every change."""
        return CONTACTS_MODIFIED if self.name == "contacts" else MODIFIED


_TABLE = (
    ("contacts", "0-1", "Contacts: people."),
    ("companies", "0-2", "Companies."),
    ("deals", "0-3", "Deals: sales in progress, won and lost."),
    ("deal_splits", "", "Deal splits: who of several owners has which part of a deal."),
    ("tickets", "0-5", "Tickets: requests of customers."),
    ("products", "0-7", "Products of the library."),
    ("line_items", "0-8", "Line items: products as they were sold."),
    ("quotes", "0-14", "Quotes."),
    ("communications", "0-18", "Communications: SMS, WhatsApp and LinkedIn messages."),
    ("feedback_submissions", "0-19", "Feedback submissions: answers to surveys."),
    ("tasks", "0-27", "Tasks."),
    ("notes", "0-46", "Notes."),
    ("meetings", "0-47", "Meetings."),
    ("calls", "0-48", "Calls."),
    ("emails", "0-49", "Emails: one-to-one emails logged on records."),
    ("invoices", "0-53", "Invoices."),
    ("subscriptions", "0-69", "Subscriptions: recurring payments."),
    ("goal_targets", "0-74", "Goal targets."),
    ("discounts", "0-84", "Discounts on deals, quotes and line items."),
    ("fees", "0-85", "Fees on deals, quotes and line items."),
    ("taxes", "0-86", "Taxes on deals, quotes and line items."),
    ("commerce_payments", "0-101", "Commerce payments."),
    ("users", "0-115", "Users as CRM objects, with their own properties."),
    ("postal_mail", "0-116", "Postal mail logged on records."),
    ("orders", "0-123", "Orders."),
    ("leads", "0-136", "Leads."),
    ("carts", "0-142", "Carts."),
    ("services", "0-162", "Services."),
    ("partner_clients", "0-185", "Partner clients, for solutions partners."),
    ("partner_services", "0-186", "Partner services, for solutions partners."),
    ("courses", "0-410", "Courses."),
    ("listings", "0-420", "Listings of properties."),
    ("appointments", "0-421", "Appointments."),
    ("contracts", "", "Contracts."),
    ("projects", "0-970", "Projects."),
)
_PATHS = {
    "deal_splits": "deal_split",
    "services": "0-162",
    "courses": "0-410",
    "listings": "0-420",
    "appointments": "0-421",
}
"""Objects whose paths have a number, or another name."""

STANDARD: dict[str, CrmObject] = {
    name: CrmObject(name, _PATHS.get(name, name), type_id, about) for name, type_id, about in _TABLE
}
"""The types every account may have, by the name of their stream."""


def is_custom(name: str) -> bool:
    """Tell whether a name is that of a custom object.

    Those of the account are called ``p<portal>_<name>`` or ``2-<number>``, those an app brings
    along ``a<app>_<name>``.
    """
    return _CUSTOM.fullmatch(name) is not None


def custom_object(name: str, type_id: str = "") -> CrmObject:
    """Return the type of a custom object by its fully qualified name."""
    return CrmObject(name, name, type_id, f"Custom object {name}.")


def find_object(name: str) -> CrmObject | None:
    """Return the type of a name, None if it can be none."""
    if name in STANDARD:
        return STANDARD[name]
    return custom_object(name) if is_custom(name) else None

"""The types of CRM objects: their names, numbers, scopes and the properties each is born with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ObjectType:
    """A type of CRM object.

    Attributes:
        name: As in paths; of a custom object its fully qualified name.
        type_id: The other name it has in paths.
        scope: What a token needs to read it.
        created: Property that holds when an object was created.
        modified: Property that moves with every change of an object.
        own: Further properties with their types.
        given: Properties that come without being asked for, besides the id and the two times.
        called: Its name as a key of ``associations``, which differs for line items.
    """

    name: str
    type_id: str
    scope: str
    created: str
    modified: str
    own: tuple[tuple[str, str], ...]
    given: tuple[str, ...] = ()
    called: str = ""

    @property
    def singular(self) -> str:
        """What names of association types are made of."""
        return {"companies": "company"}.get(self.name, self.name.removesuffix("s"))

    @property
    def key(self) -> str:
        """Its name as a key of ``associations``."""
        return self.called or self.name


# Name, type id, its scope where that has another word than its name, and its own properties:
# `name` text, `name:n` number, `name:b` bool, `name:d` date, `name:t` datetime, `name:e`
# enumeration, and `+` behind those that come without being asked for.
TABLE = """
contacts 0-1 - email+ firstname+ lastname+ hs_lastmodifieddate:t lifecyclestage:e annualrevenue:n
  hs_email_optout:b date_of_birth:d
companies 0-2 - name+ domain+ numberofemployees:n hs_is_target_account:b type:e
deals 0-3 - dealname+ amount:n+ closedate:t+ dealstage:e+ pipeline:e+ hs_is_closed:b
tickets 0-5 tickets subject+ content+ hs_pipeline:e+ hs_pipeline_stage:e+ hs_ticket_priority:e+
products 0-7 - name+ price:n+ description+ hs_sku
line_items 0-8 - name+ quantity:n+ price:n amount:n
quotes 0-14 - hs_title+ hs_expiration_date:d hs_status:e
communications 0-18 crm.objects.contacts.read hs_communication_body hs_timestamp:t
feedback_submissions 0-19 - hs_survey_name hs_value:n
tasks 0-27 - hs_task_subject hs_task_is_all_day:b hs_timestamp:t
notes 0-46 - hs_note_body hs_timestamp:t
meetings 0-47 - hs_meeting_title hs_timestamp:t
calls 0-48 - hs_call_title hs_call_duration:n hs_timestamp:t
emails 0-49 - hs_email_subject hs_timestamp:t
invoices 0-53 - hs_number hs_amount_billed:n
subscriptions 0-69 - hs_name hs_recurring_billing_start_date:d
goal_targets 0-74 crm.objects.goals.read hs_goal_name hs_target_amount:n
discounts 0-84 crm.objects.line_items.read hs_label hs_value:n
fees 0-85 crm.objects.line_items.read hs_label hs_value:n
taxes 0-86 crm.objects.line_items.read hs_label hs_value:n
commerce_payments 0-101 crm.objects.commercepayments.read hs_reference_number hs_initial_amount:n
users 0-115 - hs_email hs_job_title
postal_mail 0-116 crm.objects.contacts.read hs_postal_mail_body hs_timestamp:t
orders 0-123 - hs_order_name hs_total_price:n
leads 0-136 - hs_lead_name hs_lead_label:e
carts 0-142 - hs_cart_name hs_total_price:n
services 0-162 - hs_name hs_start_date:d
partner_clients 0-185 crm.objects.partner-clients.read hs_name
partner_services 0-186 crm.objects.partner-services.read hs_name
courses 0-410 - hs_course_name hs_capacity:n
listings 0-420 - hs_name hs_price:n
appointments 0-421 - hs_appointment_name hs_appointment_start:t
contracts 0-425 - hs_name hs_start_date:d
projects 0-970 - hs_name hs_start_date:d
deal_split 0-72 crm.dealsplits.read_write hs_deal_split_percentage:n
"""
CREATEDATE = frozenset({"contacts", "companies", "deals", "tickets", "products", "line_items"})
KINDS = {
    "n": "number",
    "b": "bool",
    "d": "date",
    "t": "datetime",
    "e": "enumeration",
    "": "string",
}


def _read(line: str) -> ObjectType:
    name, type_id, scope, *words = line.split()
    scope = f"crm.objects.{name}.read" if scope == "-" else scope
    fields = [word.removesuffix("+").partition(":") for word in words]
    return ObjectType(
        name,
        type_id,
        scope,
        created="createdate" if name in CREATEDATE else "hs_createdate",
        modified="lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate",
        own=tuple((field, KINDS[kind]) for field, _, kind in fields),
        given=tuple(
            field[0] for field, word in zip(fields, words, strict=True) if word.endswith("+")
        ),
        called="line items" if name == "line_items" else "",
    )


STANDARD: dict[str, ObjectType] = {
    found.name: found for found in map(_read, TABLE.strip().replace("\n  ", " ").splitlines())
}


def custom_type(owner: str, name: str, number: int, own: dict[str, str]) -> ObjectType:
    """Return the type of a custom object of an account (``p4242``) or an app (``a77``)."""
    return ObjectType(
        f"{owner}_{name}",
        f"2-{number}",
        "crm.objects.custom.read",
        created="hs_createdate",
        modified="hs_lastmodifieddate",
        own=tuple(own.items()),
    )

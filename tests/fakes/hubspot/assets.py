"""Things of marketing as the API gives them, made from a number."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.fakes.hubspot.clock import DAY_MS, iso


def guid(number: int) -> str:
    """Return an id of letters and digits; greater numbers have greater ids."""
    return str(UUID(int=(number << 96) + (4 << 76) + (8 << 60) + number))


def form(number: int, moment: int, *, archived: bool = False) -> dict[str, Any]:
    """Return a form of one field."""
    colour = "#33475b"
    return {
        "id": guid(number),
        "name": f"Form {number}",
        "formType": "hubspot",
        "createdAt": iso(moment),
        "updatedAt": iso(moment),
        "archived": archived,
        **({"archivedAt": iso(moment)} if archived else {}),
        "fieldGroups": [
            {"groupType": "default_group", "richTextType": "text", "fields": [_email_field()]}
        ],
        "configuration": {
            "language": "en",
            "cloneable": True,
            "editable": True,
            "archivable": True,
            "recaptchaEnabled": False,
            "notifyContactOwner": False,
            "notifyRecipients": [],
            "createNewContactForNewEmail": False,
            "prePopulateKnownValues": True,
            "allowLinkToResetKnownValues": False,
            "lifecycleStages": [],
            "postSubmitAction": {"type": "thank_you", "value": "Thanks."},
        },
        "displayOptions": {
            "renderRawHtml": False,
            "theme": "default_style",
            "submitButtonText": "Send",
            "style": {
                "fontFamily": "arial",
                "backgroundWidth": "100%",
                "labelTextColor": colour,
                "labelTextSize": "13px",
                "helpTextColor": colour,
                "helpTextSize": "11px",
                "legalConsentTextColor": colour,
                "legalConsentTextSize": "14px",
                "submitColor": colour,
                "submitAlignment": "left",
                "submitFontColor": "#ffffff",
                "submitSize": "12px",
            },
        },
        "legalConsentOptions": {"type": "none"},
    }


def _email_field() -> dict[str, Any]:
    return {
        "objectTypeId": "0-1",
        "name": "email",
        "label": "Email",
        "required": True,
        "hidden": False,
        "fieldType": "email",
        "dependentFields": [],
        "validation": {"blockedEmailDomains": [], "useDefaultBlockList": False},
    }


def submission(number: int, moment: int) -> dict[str, Any]:
    """Return a submission of a form."""
    return {
        "conversionId": guid(number),
        "submittedAt": moment,
        "pageUrl": "https://www.example.com/contact",
        "values": [
            {"name": "email", "value": f"person{number}@example.com", "objectTypeId": "0-1"}
        ],
    }


def email(number: int, moment: int, *, archived: bool = False) -> dict[str, Any]:
    """Return a marketing email with what became of it."""
    return {
        "id": str(number),
        "name": f"Letter {number}",
        "subject": f"News {number}",
        "state": "PUBLISHED",
        "type": "BATCH_EMAIL",
        "language": "en",
        "isAb": False,
        "isPublished": True,
        "archived": archived,
        "createdAt": iso(moment),
        "updatedAt": iso(moment + DAY_MS),
        "publishDate": iso(moment + DAY_MS),
        "from": {"fromName": "Ada", "replyTo": "ada@example.com"},
        "stats": {
            "counters": {"sent": 10 * number, "open": 4 * number},
            "deviceBreakdown": {"open_device_type": {"computer": number, "mobile": 3 * number}},
            "qualifierStats": {},
            "ratios": {"openratio": 40.0},
        },
    }


def campaign(number: int, moment: int) -> dict[str, Any]:
    """Return a campaign with every property it has."""
    return {
        "id": guid(number),
        "createdAt": iso(moment),
        "updatedAt": iso(moment),
        "businessUnits": [{"id": 0}],
        "properties": {
            "hs_name": f"Campaign {number}",
            "hs_start_date": "2026-02-01",
            "hs_campaign_status": "in_progress",
            "hs_currency_code": "EUR",
        },
    }


def subscription_type(number: int, moment: int) -> dict[str, Any]:
    """Return a type of subscription."""
    return {
        "id": str(number),
        "name": f"Letters {number}",
        "description": "What we have to say.",
        "purpose": "Marketing",
        "communicationMethod": "Email",
        "isActive": True,
        "isDefault": number == 1,
        "isInternal": False,
        "createdAt": iso(moment),
        "updatedAt": iso(moment),
    }


def email_event(number: int, moment: int) -> dict[str, Any]:
    """Return an event of an email; its id is unique together with its time."""
    return {
        "id": guid(number),
        "created": moment,
        "type": ("SENT", "DELIVERED", "OPEN", "CLICK")[number % 4],
        "recipient": f"person{number}@example.com",
        "portalId": 4242,
        "appId": 113,
        "appName": "Batch",
        "emailCampaignId": 7,
    }


def subscription_change(number: int, moment: int) -> dict[str, Any]:
    """Return what became of a recipient's subscriptions."""
    return {
        "timestamp": moment,
        "recipient": f"person{number}@example.com",
        "portalId": 4242,
        "normalizedEmailId": guid(number),
        "changes": [
            {
                "change": "UNSUBSCRIBED",
                "changeType": "SUBSCRIPTION_STATUS",
                "source": "SOURCE_RECIPIENT",
                "portalId": 4242,
                "subscriptionId": 1,
                "timestamp": moment,
            }
        ],
    }


def workflow(number: int, moment: int) -> dict[str, Any]:
    """Return a workflow as version 3 gives it."""
    return {
        "id": number,
        "name": f"Workflow {number}",
        "type": "DRIP_DELAY",
        "enabled": True,
        "insertedAt": moment,
        "updatedAt": moment,
        "migrationStatus": {"flowId": number + 9000, "workflowId": number},
    }


def flow(number: int, moment: int) -> dict[str, Any]:
    """Return a workflow as version 4 gives it."""
    return {
        "id": str(number + 9000),
        "name": f"Workflow {number}",
        "flowType": "WORKFLOW",
        "isEnabled": True,
        "objectTypeId": "0-1",
        "revisionId": "2",
        "createdAt": iso(moment),
        "updatedAt": iso(moment),
    }


def marketing_event(number: int, moment: int) -> dict[str, Any]:
    """Return a marketing event."""
    return {
        "objectId": str(number),
        "externalEventId": f"fair-{number}",
        "eventName": f"Fair {number}",
        "eventOrganizer": "Ada",
        "eventType": "CONFERENCE",
        "eventCancelled": False,
        "eventCompleted": True,
        "startDateTime": iso(moment),
        "endDateTime": iso(moment + DAY_MS),
        "customProperties": [],
        "registrants": number,
        "attendees": number,
        "cancellations": 0,
        "noShows": 0,
        "createdAt": iso(moment),
        "updatedAt": iso(moment),
    }

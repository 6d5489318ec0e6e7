"""Where each endpoint is: its dated path, and the numbered one of before.

HubSpot supports numbered paths until September 2027 (v4 ones until 2027-03-30):
https://developers.hubspot.com/changelog. So the version is a setting, and a new date needs no new
release of this tap. Where there is only one path, it stands in both columns.
"""

from __future__ import annotations

from urllib.parse import quote

NUMBERED = "v3"

ENDPOINTS: dict[str, tuple[str, str]] = {
    "objects": ("/crm/objects/{version}/{object}", "/crm/v3/objects/{object}"),
    "search": ("/crm/objects/{version}/{object}/search", "/crm/v3/objects/{object}/search"),
    "batch_read": (
        "/crm/objects/{version}/{object}/batch/read",
        "/crm/v3/objects/{object}/batch/read",
    ),
    "associations": (
        "/crm/associations/{version}/{object}/{other}/batch/read",
        "/crm/v4/associations/{object}/{other}/batch/read",
    ),
    "properties": ("/crm/properties/{version}/{object}", "/crm/v3/properties/{object}"),
    "pipelines": ("/crm/pipelines/{version}/{object}", "/crm/v3/pipelines/{object}"),
    "schemas": ("/crm-object-schemas/{version}/schemas", "/crm-object-schemas/v3/schemas"),
    "schema": (
        "/crm-object-schemas/{version}/schemas/{object}",
        "/crm-object-schemas/v3/schemas/{object}",
    ),
    "owners": ("/crm/owners/{version}", "/crm/v3/owners"),
    "lists": ("/crm/lists/{version}/search", "/crm/v3/lists/search"),
    "list_memberships": (
        "/crm/lists/{version}/{id}/memberships",
        "/crm/v3/lists/{id}/memberships",
    ),
    # The only date there is for forms is a beta.
    "forms": ("/marketing/forms/2026-09-beta", "/marketing/v3/forms"),
    "form_submissions": (
        "/form-integrations/v1/submissions/forms/{id}",
        "/form-integrations/v1/submissions/forms/{id}",
    ),
    "marketing_emails": ("/marketing/emails/{version}", "/marketing/v3/emails"),
    "campaigns": ("/marketing/campaigns/{version}", "/marketing/v3/campaigns"),
    "marketing_events": (
        "/marketing/marketing-events/{version}",
        "/marketing/v3/marketing-events",
    ),
    "subscription_definitions": (
        "/communication-preferences/{version}/definitions",
        "/communication-preferences/v4/definitions",
    ),
    "account_users": ("/settings/users/{version}", "/settings/v3/users"),
    "user_roles": ("/settings/users/{version}/roles", "/settings/v3/users/roles"),
    "user_teams": ("/settings/users/{version}/teams", "/settings/v3/users/teams"),
    "account_details": ("/account-info/{version}/details", "/account-info/v3/details"),
    "workflows": ("/automation/v4/flows", "/automation/v4/flows"),
    "email_events": ("/email/public/v1/events", "/email/public/v1/events"),
    "subscription_changes": (
        "/email/public/v1/subscriptions/timeline",
        "/email/public/v1/subscriptions/timeline",
    ),
    "token": ("/oauth/{version}/token", "/oauth/v3/token"),
}
"""By name, the path of a dated version and the numbered one."""


def path_of(endpoint: str, version: str, **variables: str) -> str:
    """Return the path of an endpoint.

    Args:
        endpoint: A name of the table.
        version: A date, or ``v3`` for the numbered path.
        variables: What stands for the names in braces.
    """
    dated, numbered = ENDPOINTS[endpoint]
    quoted = {name: quote(value, safe="") for name, value in variables.items()}
    return (numbered if version == NUMBERED else dated).format(version=version, **quoted)

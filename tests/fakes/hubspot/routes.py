"""Which endpoint a path leads to, what it is called in each version, and who may read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.fakes.http_server import Request
from tests.fakes.hubspot import (
    associations_api,
    definitions_api,
    legacy_api,
    marketing_api,
    objects_api,
    people_api,
    search_api,
    segments_api,
)
from tests.fakes.hubspot.call import Call
from tests.fakes.hubspot.portal import Portal
from tests.fakes.hubspot.refusal import not_found

Endpoint = Callable[[Portal, Call], Any]
OBJECT = "scopes of the object types in the path"
VERSIONS: Final = {
    "{dated}": "(?P<version>2026-03|2026-09)",
    "{beta}": "(?P<version>2026-09-beta)",
    **{f"{{v{number}}}": f"(?P<version>v{number})" for number in (1, 3, 4)},
}


@dataclass(frozen=True)
class Route:
    """An endpoint.

    Attributes:
        endpoint: What answers.
        scopes: What a token needs: one of these.
        method: How it is asked for.
        paths: What it is called, with a version and what else changes in braces.
    """

    endpoint: Endpoint
    scopes: tuple[str, ...]
    method: str
    paths: tuple[str, ...]

    def call_of(self, request: Request) -> Call | None:
        """Return the call a request makes, None if it is for another route."""
        if request.method != self.method:
            return None
        for path in self.paths:
            found = re.fullmatch(_pattern(path), request.path)
            if found is not None:
                variables = found.groupdict()
                return Call(request, variables.pop("version"), variables)
        return None

    def needs(self, portal: Portal, call: Call) -> list[tuple[str, ...]]:
        """Return what a token needs: one scope of each of these."""
        if self.scopes != (OBJECT,):
            return [self.scopes]
        names = (name for key, name in call.variables.items() if key.endswith("ObjectType"))
        named = [call.variables["objectType"]] if "objectType" in call.variables else list(names)
        return [(portal.type_of(name).scope,) for name in named]


def _pattern(path: str) -> str:
    for version, pattern in VERSIONS.items():
        path = path.replace(version, pattern)
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)


def _get(endpoint: Endpoint, scopes: str, *paths: str) -> Route:
    return Route(endpoint, tuple(scopes.split("|")) if scopes else (), "GET", paths)


def _post(endpoint: Endpoint, scopes: str, *paths: str) -> Route:
    return Route(endpoint, tuple(scopes.split("|")) if scopes else (), "POST", paths)


ROUTES: Final = (
    _get(
        objects_api.list_objects,
        OBJECT,
        "/crm/objects/{dated}/{objectType}",
        "/crm/{v3}/objects/{objectType}",
    ),
    _get(
        objects_api.read_object,
        OBJECT,
        "/crm/objects/{dated}/{objectType}/{objectId}",
        "/crm/{v3}/objects/{objectType}/{objectId}",
    ),
    _post(
        search_api.search,
        OBJECT,
        "/crm/objects/{dated}/{objectType}/search",
        "/crm/{v3}/objects/{objectType}/search",
    ),
    _post(
        objects_api.batch_read,
        OBJECT,
        "/crm/objects/{dated}/{objectType}/batch/read",
        "/crm/{v3}/objects/{objectType}/batch/read",
    ),
    _get(
        associations_api.of_object,
        OBJECT,
        "/crm/objects/{dated}/{objectType}/{objectId}/associations/{toObjectType}",
        "/crm/{v4}/objects/{objectType}/{objectId}/associations/{toObjectType}",
    ),
    _post(
        associations_api.batch_read,
        OBJECT,
        "/crm/associations/{dated}/{fromObjectType}/{toObjectType}/batch/read",
        "/crm/{v4}/associations/{fromObjectType}/{toObjectType}/batch/read",
    ),
    _get(
        definitions_api.list_properties,
        OBJECT,
        "/crm/properties/{dated}/{objectType}",
        "/crm/{v3}/properties/{objectType}",
    ),
    _get(
        definitions_api.read_property,
        OBJECT,
        "/crm/properties/{dated}/{objectType}/{propertyName}",
        "/crm/{v3}/properties/{objectType}/{propertyName}",
    ),
    _get(
        definitions_api.list_pipelines,
        OBJECT,
        "/crm/pipelines/{dated}/{objectType}",
        "/crm/{v3}/pipelines/{objectType}",
    ),
    _get(
        definitions_api.list_schemas,
        "crm.schemas.custom.read|crm.objects.custom.read",
        "/crm-object-schemas/{dated}/schemas",
        "/crm-object-schemas/{v3}/schemas",
        "/crm/{v3}/schemas",
    ),
    _get(
        definitions_api.read_schema,
        OBJECT,
        "/crm-object-schemas/{dated}/schemas/{objectType}",
        "/crm-object-schemas/{v3}/schemas/{objectType}",
        "/crm/{v3}/schemas/{objectType}",
    ),
    _get(
        people_api.list_owners,
        "crm.objects.owners.read",
        "/crm/owners/{dated}",
        "/crm/{v3}/owners",
    ),
    _get(
        people_api.list_users,
        "settings.users.read",
        "/settings/users/{dated}",
        "/settings/{v3}/users",
    ),
    _get(
        people_api.list_roles,
        "settings.users.read",
        "/settings/users/{dated}/roles",
        "/settings/{v3}/users/roles",
    ),
    _get(
        people_api.list_teams,
        "settings.users.read|settings.users.teams.read",
        "/settings/users/{dated}/teams",
        "/settings/{v3}/users/teams",
    ),
    _get(
        people_api.read_details,
        "oauth",
        "/account-info/{dated}/details",
        "/account-info/{v3}/details",
    ),
    _post(
        segments_api.search_lists,
        "crm.lists.read",
        "/crm/lists/{dated}/search",
        "/crm/{v3}/lists/search",
    ),
    _get(
        segments_api.list_memberships,
        "crm.lists.read",
        "/crm/lists/{dated}/{listId}/memberships",
        "/crm/{v3}/lists/{listId}/memberships",
    ),
    _get(marketing_api.list_forms, "forms", "/marketing/forms/{beta}", "/marketing/{v3}/forms"),
    _get(
        marketing_api.list_submissions,
        "forms",
        "/form-integrations/{v1}/submissions/forms/{formId}",
    ),
    _get(
        marketing_api.list_emails,
        "marketing.email.read|content",
        "/marketing/emails/{dated}",
        "/marketing/{v3}/emails",
    ),
    _get(
        marketing_api.list_campaigns,
        "marketing.campaigns.read",
        "/marketing/campaigns/{dated}",
        "/marketing/{v3}/campaigns",
    ),
    _get(
        marketing_api.list_events,
        "crm.objects.marketing_events.read",
        "/marketing/marketing-events/{dated}",
        "/marketing/{v3}/marketing-events",
    ),
    _get(
        marketing_api.list_subscription_types,
        "communication_preferences.read|communication_preferences.read_write",
        "/communication-preferences/{dated}/definitions",
        "/communication-preferences/{v3}/definitions",
        "/communication-preferences/{v4}/definitions",
    ),
    _get(legacy_api.list_email_events, "content", "/email/public/{v1}/events"),
    _get(
        legacy_api.list_subscription_changes,
        "content",
        "/email/public/{v1}/subscriptions/timeline",
    ),
    _get(legacy_api.list_workflows, "automation", "/automation/{v3}/workflows"),
    _get(legacy_api.list_flows, "automation", "/automation/{v4}/flows"),
)
TOKEN_PATHS: Final = frozenset(
    f"/oauth/{version}/token" for version in ("2026-03", "2026-09", "v3", "v1")
)


def every_scope(portal: Portal) -> set[str]:
    """Return the scopes of all there is but the details of the account, which any token has."""
    of_objects = {of.scope for of in portal.types.values()}
    return of_objects | {scope for route in ROUTES for scope in route.scopes} - {"oauth"}


def find(request: Request) -> tuple[Route, Call]:
    """Return the route of a request, and the call it makes there.

    Raises:
        Refusal: There is none.
    """
    for route in ROUTES:
        call = route.call_of(request)
        if call is not None:
            return route, call
    raise not_found(f"{request.method} {request.path}")

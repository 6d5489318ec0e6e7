"""Endpoints of owners, users and the account."""

from __future__ import annotations

from typing import Any

from tests.fakes.hubspot.call import Call, forward_page
from tests.fakes.hubspot.portal import Portal

OWNERS_MOST = 500
USERS_MOST = 100


def list_owners(portal: Portal, call: Call) -> Any:
    """Owners, active ones or archived ones."""
    archived = call.flag("archived")
    owners = [owner for owner in portal.accounts.owners if owner["archived"] == archived]
    return forward_page(owners, call, default=100, most=OWNERS_MOST)


def list_users(portal: Portal, call: Call) -> Any:
    """Users of the account."""
    return forward_page(portal.accounts.users, call, default=100, most=USERS_MOST)


def list_roles(portal: Portal, call: Call) -> Any:
    """Roles users may have, all at once."""
    del call
    return {"results": portal.accounts.roles}


def list_teams(portal: Portal, call: Call) -> Any:
    """Teams users are in, all at once."""
    del call
    return {"results": portal.accounts.teams}


def read_details(portal: Portal, call: Call) -> Any:
    """What the account says of itself."""
    del call
    return portal.accounts.details

"""Owners, users, and what an account says of itself."""

from __future__ import annotations

from typing import Any

from tests.fakes.hubspot.clock import iso


class Accounts:
    """The people of a portal.

    Attributes:
        portal_id: Number of the portal.
        owners: As the API gives them, archived ones too.
        users: As the API gives them.
        roles: What users may be.
        teams: Who is in which.
        details: What the account says of itself.
    """

    def __init__(self, portal_id: int) -> None:
        """Hold nobody."""
        self.portal_id = portal_id
        self.owners: list[dict[str, Any]] = []
        self.users: list[dict[str, Any]] = []
        self.roles = [{"id": "3", "name": "Sales", "requiresBillingWrite": False}]
        self.teams = [{"id": "7", "name": "Sales", "userIds": ["1"], "secondaryUserIds": []}]
        self.details: dict[str, Any] = {
            "portalId": portal_id,
            "accountType": "STANDARD",
            "timeZone": "Europe/Paris",
            "companyCurrency": "EUR",
            "additionalCurrencies": [],
            "utcOffset": "+01:00",
            "utcOffsetMilliseconds": 3_600_000,
            "uiDomain": "app-eu1.hubspot.com",
            "dataHostingLocation": "eu1",
        }

    def add_owner(
        self, identity: int, moment: int, *, email: str | None = None, archived: bool = False
    ) -> None:
        """Add an owner; one without an email is a queue."""
        made: dict[str, Any] = {
            "id": str(identity),
            "type": "PERSON" if email else "QUEUE",
            "firstName": "Ada",
            "lastName": f"Owner {identity}",
            "userId": None if archived else identity + 1000,
            "userIdIncludingInactive": identity + 1000,
            "createdAt": iso(moment),
            "updatedAt": iso(moment),
            "archived": archived,
            "teams": [{"id": "7", "name": "Sales", "primary": True}],
        }
        if email:
            made["email"] = email
        self.owners.append({name: value for name, value in made.items() if value is not None})

    def add_user(self, identity: int, email: str) -> None:
        """Add a user."""
        self.users.append(
            {
                "id": str(identity),
                "email": email,
                "firstName": "Grace",
                "lastName": f"User {identity}",
                "roleIds": ["3"],
                "roleId": "3",
                "primaryTeamId": "7",
                "superAdmin": identity % 2 == 0,
            }
        )

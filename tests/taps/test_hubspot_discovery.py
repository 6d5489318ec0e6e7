"""The streams of an account, and what of it a token may not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bizon_singer.testing.runs import Run, run
from bizon_taps.hubspot.crm_objects import STANDARD
from bizon_taps.hubspot.listings import LISTINGS
from bizon_taps.hubspot.tap import TapHubSpot
from tests.fakes.http_server import Request
from tests.fakes.hubspot import HubSpot, bad_gateway
from tests.fakes.hubspot.routes import every_scope
from tests.taps.hubspot_account import FAST, account, catalog, ids, sync


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """Serve an account."""
    with account() as served:
        yield served


def entry_of(found: dict[str, Any], stream: str) -> dict[str, Any]:
    """Return the catalog entry of a stream."""
    return next(entry for entry in found["streams"] if entry["stream"] == stream)


def root_of(found: dict[str, Any], stream: str) -> dict[str, Any]:
    """Return the metadata of a stream itself."""
    entry = entry_of(found, stream)
    root: dict[str, Any] = next(
        item["metadata"] for item in entry["metadata"] if not item["breadcrumb"]
    )
    return root


def everything(hubspot: HubSpot, **settings: Any) -> Run:
    """Run without a catalog."""
    return run(TapHubSpot, hubspot.settings(**FAST, **settings))


class TestWithoutCredentials:
    """What is known of every account."""

    def test_standard_streams_need_no_network(self) -> None:
        """All objects and lists, with keys and methods, and pairs that were named."""
        tap = TapHubSpot(
            config={
                "base_url": "http://127.0.0.1:9",
                "associations": ["contacts-companies"],
                "property_history": ["deals"],
            },
            setup_mapper=False,
        )
        found = tap.catalog_dict
        names = {entry["stream"] for entry in found["streams"]}
        assert names == {
            *STANDARD,
            *(listing.name for listing in LISTINGS),
            "associations_contacts__companies",
            "deals_property_history",
        }
        assert entry_of(found, "contacts")["key_properties"] == ["id"]
        assert entry_of(found, "contacts")["replication_key"] == "updatedAt"
        assert root_of(found, "owners")["forced-replication-method"] == "FULL_TABLE"

    def test_every_stream_has_a_description(self) -> None:
        """Each names its page in HubSpot's documentation; legacy ones say when they end."""
        found = TapHubSpot(config={}, setup_mapper=False).catalog_dict
        for entry in found["streams"]:
            about = root_of(found, entry["stream"])["description"]
            assert about.endswith(")"), entry["stream"]
        for legacy in ("email_events", "subscription_changes", "workflows", "form_submissions"):
            assert "supports until" in root_of(found, legacy)["description"]

    def test_every_official_object_is_a_stream(self) -> None:
        """The 33 list paths of HubSpot's 2026-03 documents, by name or by number."""
        known = {kind.path for kind in STANDARD.values()} | {
            kind.type_id for kind in STANDARD.values()
        }
        official = (
            "0-162 0-3 0-410 0-420 calls carts commerce_payments communications companies contacts "
            "contracts discounts emails feedback_submissions fees goal_targets invoices leads "
            "line_items meetings notes orders partner_clients partner_services postal_mail "
            "products projects quotes subscriptions tasks taxes tickets users 0-421"
        )
        assert set(official.split()) <= known


class TestPermissions:
    """A token without a scope."""

    def test_a_missing_scope_flags_its_stream(self, hubspot: HubSpot) -> None:
        """With the scope; the others stay as they are."""
        hubspot.access.denied = {"crm.objects.deals.read", "crm.objects.owners.read"}
        found = catalog(hubspot, property_history=["deals"], associations=["contacts-deals"])
        for stream, scope in (
            ("deals", "crm.objects.deals.read"),
            ("deals_property_history", "crm.objects.deals.read"),
            ("associations_contacts__deals", "crm.objects.deals.read"),
            ("owners", "crm.objects.owners.read"),
        ):
            root = root_of(found, stream)
            assert root["inclusion"] == "unsupported"
            assert scope in root["unsupported-description"]
        assert root_of(found, "contacts")["inclusion"] == "available"

    def test_a_missing_scope_fails_its_stream_alone(self, hubspot: HubSpot) -> None:
        """The others complete, the exit code and the sentence tell."""
        hubspot.portal.create("contacts", {"email": "a@example.com"})
        found = catalog(hubspot, "deals", "contacts")
        hubspot.access.denied = {"crm.objects.deals.read"}
        done = sync(hubspot, found=found)
        assert done.code == 3
        assert "give the app the scope crm.objects.deals.read" in done.sentence
        assert "1 of 2 streams failed, 1 are complete" in done.sentence
        assert len(done.records("contacts")) == 1

    def test_a_scope_taken_away_meanwhile_fails_its_stream_alone(self, hubspot: HubSpot) -> None:
        """What was read stays read; given back, the rest comes."""
        hubspot.page_most = 1
        kinds = ("deals", "deals", "contacts", "contacts")
        made = [int(hubspot.portal.create(kind)) for kind in kinds]
        found = catalog(hubspot, "deals", "contacts")

        def take_away(request: Request) -> None:
            if request.path.endswith("/objects/2026-03/deals") and "after" in request.query:
                hubspot.access.denied.add("crm.objects.deals.read")

        hubspot.before_each = take_away
        done = sync(hubspot, found=found)
        assert (done.code, "crm.objects.deals.read" in done.sentence) == (3, True)
        assert [*ids(done, "deals"), *ids(done, "contacts")] == [made[0], *made[2:]]
        hubspot.before_each = lambda _: None
        hubspot.access.denied.clear()
        rest = sync(hubspot, found=found, state=done.state)
        assert ids(rest, "deals") == [made[1]]

    def test_without_a_catalog_what_cannot_be_read_is_warned_of(self, hubspot: HubSpot) -> None:
        """It is left out, visibly."""
        hubspot.access.denied = {"crm.objects.deals.read"}
        done = everything(hubspot)
        assert done.code == 0
        assert [text for text in done.warnings if "'deals' cannot be read" in text]

    @pytest.mark.parametrize("settings", [{}, {"stream": "contacts"}])
    def test_a_token_that_may_read_nothing_is_told(
        self, hubspot: HubSpot, settings: dict[str, Any]
    ) -> None:
        """One sentence, exit 3 and no output; no run that is empty and complete."""
        hubspot.access.denied = every_scope(hubspot.portal)
        done = everything(hubspot, **settings)
        assert done.code == 3
        assert "may read nothing of this account; give the app the scopes" in done.sentence
        assert done.stdout == b""

    def test_a_token_that_may_read_no_object(self, hubspot: HubSpot) -> None:
        """What is asked for each of them is flagged as well: it would be empty, not unread."""
        hubspot.access.denied = every_scope(hubspot.portal) - {"crm.objects.owners.read"}
        found = catalog(hubspot)
        for stream in ("pipelines", "pipeline_stages", "property_definitions"):
            root = root_of(found, stream)
            assert root["unsupported-description"] == "the token may read none of the objects"
        assert root_of(found, "owners")["inclusion"] == "available"

    def test_custom_objects_without_the_scope(self, hubspot: HubSpot) -> None:
        """Are not listed, which is said; all others are."""
        hubspot.portal.add_custom_type("cars", wheels="number")
        hubspot.access.denied = {"crm.schemas.custom.read", "crm.objects.custom.read"}
        found = catalog(hubspot)
        assert "p4242_cars" not in {entry["stream"] for entry in found["streams"]}
        assert root_of(found, "custom_object_schemas")["inclusion"] == "unsupported"

    def test_the_account_itself_may_be_closed(self, hubspot: HubSpot) -> None:
        """The connection check asks for its details; a narrow token does without."""
        hubspot.portal.create("contacts", {"email": "a@example.com"})
        found = catalog(hubspot, "contacts")
        hubspot.access.denied = {"oauth"}
        assert len(sync(hubspot, found=found).records("contacts")) == 1

    def test_trouble_in_passing_is_no_missing_permission(self, hubspot: HubSpot) -> None:
        """A gateway that stays broken fails discovery instead of flagging a stream."""
        hubspot.spoil(bad_gateway, path="/properties/2026-03/deals", times=None)
        done = everything(hubspot)
        assert done.code == 5
        assert "502" in done.sentence


class TestSettingsThatNameThings:
    """Settings that name objects and properties there are not."""

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"associations": ["contacts-companys"]}, ("associations", "companys", "companies")),
            ({"property_history": ["dealz"]}, ("property_history", "dealz", "deals")),
            (
                {"properties": {"strategy": "selected", "selected_properties": ["emial"]}},
                ("selected_properties", "emial", "email"),
            ),
        ],
    )
    def test_are_refused_with_the_nearest_name(
        self, hubspot: HubSpot, settings: dict[str, Any], words: tuple[str, ...]
    ) -> None:
        """One sentence with the setting, what it named and what there is; exit 2."""
        done = everything(hubspot, **settings)
        assert done.code == 2
        assert done.stdout == b""
        for word in words:
            assert word in done.sentence

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"associations": ["contacts"]}, "contacts-companies"),
            ({"associations": "some"}, "associations"),
            ({"property_history": ["a b"]}, "names of objects"),
            ({"api_version": "v2"}, "2026-03"),
            ({"base_url": "api.hubapi.com"}, "https://"),
            ({"base_url": "https://api.hubapi.com/?a=b"}, "before any ?"),
            ({"properties": {"strategy": "selected"}}, "selected_properties"),
            ({"properties": {"selected_properties": ["email"]}}, "strategy"),
            ({"lookback_seconds": -1}, "lookback_seconds"),
            ({"authentication": {"type": "basic", "params": {}}}, "api_key or oauth"),
            ({"authentication": {"type": "oauth", "params": {}}}, "client_id"),
            ({"authentication": {"type": "oauth", "params": {}}}, "refresh_token"),
            ({"authentication": {"type": "api_key", "params": {}}}, "token"),
            ({"propertys": {}}, "properties"),
        ],
    )
    def test_are_refused_by_their_form(
        self, hubspot: HubSpot, settings: dict[str, Any], words: str
    ) -> None:
        """Before anything is asked; the sentence names the setting and what it may be."""
        done = run(TapHubSpot, {**hubspot.settings(), **settings})
        assert done.code == 2
        assert words in done.sentence
        assert hubspot.requests == []

    def test_an_unknown_property_of_one_object_fails_its_stream(self, hubspot: HubSpot) -> None:
        """With a catalog, the stream says so itself."""
        found = catalog(hubspot, "deals", "contacts")
        chosen = {"strategy": "selected", "selected_properties": ["emial"]}
        done = sync(hubspot, found=found, stream_settings={"contacts": {"properties": chosen}})
        assert done.code == 2
        assert "'emial', which is no property of contacts" in done.sentence
        assert "did you mean" in done.sentence

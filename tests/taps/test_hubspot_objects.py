"""CRM objects of tap-hubspot in full: typed, selected, however wide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bizon_taps.hubspot.properties import OWN_FIELDS, Property, RecordReader
from bizon_taps.hubspot.tap import TapHubSpot
from tests.fakes.hubspot import HubSpot
from tests.proofs.subjects import catalog_of
from tests.taps.hubspot_account import account, asked, bodies, catalog, ids, keep_only, sync

MANY = 200


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """Serve an account."""
    with account() as served:
        yield served


class TestRecords:
    """What a record is."""

    def test_properties_are_typed_and_flat(self, hubspot: HubSpot) -> None:
        """Each property is a field of its type beside the object's own fields."""
        values = {
            "email": "ada@example.com",
            "annualrevenue": "1234.50",
            "hs_email_optout": "true",
            "date_of_birth": "1706659200000",
        }
        hubspot.portal.create("contacts", values)
        record = sync(hubspot, "contacts").records("contacts")[0]
        assert record["email"] == "ada@example.com"
        assert str(record["annualrevenue"]) == "1234.50"
        assert record["hs_email_optout"] is True
        assert record["date_of_birth"] == "2024-01-31"
        assert record["hs_object_id"] == int(record["id"])
        assert record["archived"] is False
        assert record["updatedAt"] == record["lastmodifieddate"]

    def test_the_catalog_has_the_types(self, hubspot: HubSpot) -> None:
        """Schemas say number, boolean, date and date-time; the rest is text; all are nullable."""
        found = catalog(hubspot)
        fields = next(
            entry["schema"]["properties"]
            for entry in found["streams"]
            if entry["stream"] == "contacts"
        )
        assert set(fields["annualrevenue"]["type"]) == {"null", "number"}
        assert "boolean" in fields["hs_email_optout"]["type"]
        assert fields["date_of_birth"]["format"] == "date"
        assert fields["lastmodifieddate"]["format"] == "date-time"
        assert set(fields["lifecyclestage"]["type"]) == {"null", "string"}

    def test_a_value_of_another_type_is_kept_as_text(self, hubspot: HubSpot) -> None:
        """It is null in its field, stays readable beside it, and is warned of once."""
        for revenue in ("1234;5678", "N/A", "12", ""):
            hubspot.portal.create("contacts", {"annualrevenue": revenue})
        done = sync(hubspot, "contacts")
        records = done.records("contacts")
        assert [record["annualrevenue"] for record in records] == [None, None, 12, None]
        kept = [record.get("_untyped") for record in records]
        assert kept == [{"annualrevenue": "1234;5678"}, {"annualrevenue": "N/A"}, None, None]
        assert "kept as text in `_untyped`" in done.warnings[0]
        assert len([text for text in done.warnings if "annualrevenue" in text]) == 1
        assert len(done.warnings) == 1

    def test_no_value_breaks_a_run_or_vanishes(self, hubspot: HubSpot) -> None:
        """What no property of the type should have: typed, null where cleared, or kept as text."""
        values = {
            "bool": ("TRUE", "maybe", ""),
            "number": ("1e3", "1234;5678", ""),
            "date": ("1706659200000", "2024-02-30", ""),
            "datetime": ("1706659200000.0", "soon", ""),
            "enumeration": ("no_option", "a;b", ""),
            "json": ('{"a": 1}', "{", ""),
        }
        for kind in values:
            hubspot.portal.define("contacts", f"custom_{kind}", kind)
        for row in zip(*values.values(), strict=True):
            fields = dict(zip(values, row, strict=True))
            hubspot.portal.create("contacts", {f"custom_{kind}": fields[kind] for kind in fields})
        done = sync(hubspot, "contacts")
        good, dirty, cleared = (
            {name.removeprefix("custom_"): record[name] for name in record if "custom_" in name}
            for record in done.records("contacts")
        )
        assert good == {
            "bool": True,
            "number": 1000,
            "date": "2024-01-31",
            "datetime": "2024-01-31T00:00:00Z",
            "enumeration": "no_option",
            "json": '{"a": 1}',
        }
        assert dirty == {**dict.fromkeys(values), "enumeration": "a;b", "json": "{"}
        assert cleared == {**dict.fromkeys(values), "enumeration": "", "json": ""}
        assert done.records("contacts")[1]["_untyped"] == {
            f"custom_{kind}": values[kind][1] for kind in ("bool", "number", "date", "datetime")
        }
        assert len(done.warnings) == 4

    def test_what_is_lost_where_the_field_for_it_is_not_selected_is_told(
        self, hubspot: HubSpot
    ) -> None:
        """Who selects single fields, as in Meltano, may leave out the one that keeps such texts."""
        hubspot.portal.create("contacts", {"annualrevenue": "N/A"})
        found = catalog(hubspot, "contacts")
        keep_only(found, "contacts", ["annualrevenue"])
        done = sync(hubspot, found=found)
        assert done.records("contacts")[0]["annualrevenue"] is None
        assert "lost; to have their text, select `_untyped`" in done.warnings[0]

    def test_a_property_called_as_an_own_field_gets_another_name(self, hubspot: HubSpot) -> None:
        """The object's id stays its id."""
        hubspot.portal.define("contacts", "id")
        identity = hubspot.portal.create("contacts", {"id": "mine"})
        record = sync(hubspot, "contacts").records("contacts")[0]
        assert (record["id"], record["property_id"]) == (identity, "mine")

    def test_such_a_property_may_be_left_out_of_an_answer(self) -> None:
        """It is null, as any other one that does not come."""
        properties = [Property("id", "number", ""), Property("email", "string", "")]
        result = {"id": "7", "properties": {"email": "a@example.com"}}
        record = RecordReader("contacts", properties).read([result])[0].data
        assert (record["id"], record["property_id"], record["email"]) == (
            "7",
            None,
            "a@example.com",
        )

    def test_custom_objects_are_streams(self, hubspot: HubSpot) -> None:
        """By their fully qualified name, with their own properties."""
        name = hubspot.portal.add_custom_type("cars", wheels="number")
        hubspot.portal.create(name, {"wheels": "4"})
        assert sync(hubspot, name).records(name)[0]["wheels"] == 4

    def test_objects_an_app_brings_along_are_streams(self, hubspot: HubSpot) -> None:
        """HubSpot calls them by the number of the app; the next run reads what changed."""
        name = hubspot.portal.add_custom_type("cars", app=77, wheels="number")
        first = sync(hubspot, name)
        hubspot.portal.create(name, {"wheels": "3"})
        second = sync(hubspot, name, state=first.state)
        assert name == "a77_cars"
        assert [record["wheels"] for record in second.records(name)] == [3]

    def test_numbered_paths_read_the_same(self, hubspot: HubSpot) -> None:
        """``api_version: v3`` asks the paths of before."""
        hubspot.portal.create("services", {"hs_name": "one"})
        dated = sync(hubspot, "services").records("services")
        assert sync(hubspot, "services", api_version="v3").records("services") == dated
        assert {request.path for request in asked(hubspot, "0-162")} == {
            "/crm/v3/objects/0-162",
            "/crm/v3/properties/0-162",
        }


def test_pages_are_as_large_as_they_may_be(hubspot: HubSpot) -> None:
    """A hundred of a list, two hundred of a search."""
    for _ in range(250):
        hubspot.portal.create("deals")
    first = sync(hubspot, "deals")
    lists = [request for request in asked(hubspot, "/objects/2026-03/deals") if request.query]
    assert [request.query["limit"] for request in lists] == [["100"]] * 3
    assert len(sync(hubspot, "deals", state=first.state).records()) == 250
    assert [body["limit"] for body in bodies(hubspot, "/search")] == [200, 200, 200]


class TestSelection:
    """Only what is wanted is asked for."""

    def test_deselected_properties_are_not_asked_for(self, hubspot: HubSpot) -> None:
        """The list names the selected ones alone."""
        hubspot.portal.create("contacts", {"email": "a@example.com", "firstname": "Ada"})
        found = catalog(hubspot, "contacts")
        keep_only(found, "contacts", ["email"])
        record = sync(hubspot, found=found).records("contacts")[0]
        assert record.keys() == {"id", "updatedAt", "email"}
        assert asked(hubspot, "/contacts")[-1].query["properties"] == ["email"]

    def test_the_search_asks_for_the_selected_ones_as_well(self, hubspot: HubSpot) -> None:
        """Its body names them."""
        found = catalog(hubspot, "contacts")
        keep_only(found, "contacts", ["email"])
        first = sync(hubspot, found=found)
        sync(hubspot, found=found, state=first.state)
        assert [body["properties"] for body in bodies(hubspot, "/search")] == [["email"]] * 2

    def test_selected_properties_of_the_settings(self, hubspot: HubSpot) -> None:
        """``properties`` chooses what the catalog and the records hold."""
        hubspot.portal.create("contacts", {"email": "a@example.com"})
        chosen = {"strategy": "selected", "selected_properties": ["email"]}
        done = sync(hubspot, "contacts", properties=chosen)
        assert "firstname" not in done.records("contacts")[0]
        assert done.records("contacts")[0]["email"] == "a@example.com"

    def test_a_list_of_names_is_for_all_objects(self, hubspot: HubSpot) -> None:
        """Each reads those it has, and no more than its own fields where it has none."""
        hubspot.portal.create("contacts", {"email": "a@example.com", "lastname": "A"})
        hubspot.portal.create("deals", {"dealname": "one", "amount": "3"})
        car = hubspot.portal.add_custom_type("cars", wheels="number")
        hubspot.portal.create(car, {"wheels": "4"})
        hubspot.portal.create("companies", {"domain": "example.com"})
        names = {"email", "dealname", "wheels"}
        chosen = {"strategy": "selected", "selected_properties": sorted(names)}
        streams = ("contacts", "deals", "companies", car)
        done = sync(hubspot, *streams, properties=chosen)
        assert done.code == 0
        read = {stream: done.records(stream)[0].keys() - OWN_FIELDS.keys() for stream in streams}
        assert read == {
            "contacts": {"email"},
            "deals": {"dealname"},
            "companies": set(),
            car: {"wheels"},
        }

    def test_the_catalog_has_what_stream_settings_choose(self, hubspot: HubSpot) -> None:
        """Of that object alone."""
        chosen = {"strategy": "selected", "selected_properties": ["email"]}
        found = catalog(hubspot, stream_settings={"contacts": {"properties": chosen}})
        fields = {entry["stream"]: entry["schema"]["properties"] for entry in found["streams"]}
        assert fields["contacts"].keys() - OWN_FIELDS.keys() == {"email"}
        assert {"dealname", "amount"} <= fields["deals"].keys()

    def test_of_one_object_by_its_stream_settings(self, hubspot: HubSpot) -> None:
        """Other objects keep all of theirs."""
        hubspot.portal.create("contacts", {"email": "a@example.com"})
        hubspot.portal.create("deals", {"amount": "3"})
        chosen = {"strategy": "selected", "selected_properties": ["email"]}
        done = sync(
            hubspot, "contacts", "deals", stream_settings={"contacts": {"properties": chosen}}
        )
        assert "firstname" not in done.records("contacts")[0]
        assert done.records("deals")[0]["amount"] == 3

    def test_a_catalog_made_without_credentials_reads_everything(self, hubspot: HubSpot) -> None:
        """Its objects are open: all properties come, though none was declared."""
        hubspot.portal.create("contacts", {"email": "a@example.com", "annualrevenue": "5"})
        found = catalog_of(TapHubSpot, {}, frozenset({"contacts"}))
        record = sync(hubspot, found=found).records("contacts")[0]
        assert (record["email"], record["annualrevenue"]) == ("a@example.com", 5)


class TestWidePortals:
    """Hundreds of properties with long names."""

    @pytest.fixture
    def wide(self, hubspot: HubSpot) -> HubSpot:
        """Define more properties than fit into a URL."""
        for number in range(MANY):
            hubspot.portal.define("contacts", f"custom_{number:04d}_{'x' * 40}", "number")
        last = f"custom_{MANY - 1:04d}_{'x' * 40}"
        for number in range(120):
            hubspot.portal.create("contacts", {last: str(number)})
        hubspot.portal.archive("contacts", hubspot.portal.ids("contacts")[7])
        return hubspot

    def test_no_url_gets_too_long(self, wide: HubSpot) -> None:
        """All properties are read by batches, live and archived, in the order of the list."""
        done = sync(wide, "contacts", archived=True)
        records = done.records("contacts")
        last = f"custom_{MANY - 1:04d}_{'x' * 40}"
        assert [record[last] for record in records] == [*range(7), *range(8, 120), 7]
        assert max(len(request.target) for request in wide.requests) < 8000
        assert {len(body["inputs"]) for body in bodies(wide, "/batch/read")} == {100, 19, 1}

    def test_nor_where_changes_and_history_are_read(self, wide: HubSpot) -> None:
        """The search and batches have the names in their bodies."""
        streams = ("contacts", "contacts_property_history")
        settings: dict[str, Any] = {"property_history": ["contacts"], "archived": True}
        first = sync(wide, *streams, **settings)
        changed = wide.portal.ids("contacts")[0]
        last = f"custom_{MANY - 1:04d}_{'x' * 40}"
        wide.portal.change("contacts", changed, {last: "999"})
        second = sync(wide, *streams, state=first.state, **settings)
        assert (first.code, second.code) == (0, 0)
        assert {row[last] for row in second.records("contacts") if row["id"] == changed} == {999}
        values = [
            row["value"]
            for row in second.records("contacts_property_history")
            if (row["objectId"], row["property"]) == (changed, last)
        ]
        assert values == ["0", "999"]
        assert max(len(request.target) for request in wide.requests) < 8000

    def test_an_object_archived_between_list_and_batch_is_left_to_the_archived_ones(
        self, wide: HubSpot
    ) -> None:
        """It is missing from the batch (207) and comes once, as archived."""
        found = catalog(wide, "contacts", archived=True)
        gone = wide.portal.ids("contacts")[3]
        # account details, properties, the list, the batch
        wide.before(4, lambda: wide.portal.archive("contacts", gone))
        done = sync(wide, found=found, archived=True)
        assert [record["archived"] for record in done.records() if record["id"] == gone] == [True]
        assert len(set(ids(done, "contacts"))) == 120

"""The settings and streams tap-pokeapi declares, and the script that makes their schemas."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from pydantic import ValidationError

from bizon_singer.errors import UnsafeError
from bizon_taps.pokeapi.config import PokeApiSourceConfig
from bizon_taps.pokeapi.resources import RESOURCES, schemas_of
from bizon_taps.pokeapi.schemas import generate
from bizon_taps.pokeapi.schemas.generate import (
    FOLDER,
    Components,
    UnknownShapeError,
    rendered,
    schemas,
)
from bizon_taps.pokeapi.source import PokeApiSource
from tests.fakes import pokeapi_records

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bizon_singer.source.models import StreamDefinition

UNREACHABLE = "http://127.0.0.1:9/api/v2"
INTEGER = {"type": "integer"}
NULLABLE_TEXT = {"type": ["string", "null"]}


def declared(**settings: Any) -> Sequence[StreamDefinition]:
    """Return the streams declared with settings, by a source whose server is not there."""
    config = PokeApiSourceConfig(stream="berry", base_url=UNREACHABLE, **settings)
    return PokeApiSource(config).discover()


def openapi() -> dict[str, Any]:
    """Return a description of the vendor's kind: all resources, in few words."""
    link = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 200}}}
    links = {"type": "array", "items": {"$ref": "#/Link"}}
    held = {"pokemon": {"$ref": "#/Link"}, "rarity": {"type": "integer", "minimum": 0}}
    slots = {"type": "array", "items": {"type": "object", "properties": {**held}}}
    detail = {
        "id": {"type": "integer"},
        "held_items": slots,
        "past_types": {
            "type": "array",
            "items": {"type": "object", "properties": {"types": slots}},
        },
        "sprites": {"allOf": [{"$ref": "#/PokemonSprites"}]},
        "map": {"type": "object", "additionalProperties": {}},
    }
    parts = {
        "Link": link,
        "ItemSummary": link,
        "TypeSummary": link,
        "Page": {"type": "object", "properties": {"results": links}},
        "Detail": {"type": "object", "properties": detail, "required": ["id"]},
    }
    paths: dict[str, Any] = {"/api/v2/meta/": {}, "/api/v2/pokemon/{pokemon_id}/encounters": {}}
    for resource in RESOURCES:
        paths[f"/api/v2/{resource}/"] = operation("Page")
        paths[f"/api/v2/{resource}/{{id}}/"] = operation("Detail")
    return {"paths": paths, "components": {"schemas": parts}}


def operation(part: str) -> dict[str, Any]:
    """Return a path that answers with a part of the description."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{part}"}}}
    return {"get": {"responses": {"200": {"content": content}}}}


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that refuses fields it does not name, at any depth."""
    strict = {**schema}
    if "properties" in schema:
        strict["properties"] = {name: closed(part) for name, part in schema["properties"].items()}
        strict["additionalProperties"] = False
    if "items" in schema:
        strict["items"] = closed(schema["items"])
    return strict


class TestStreams:
    """What the tap declares."""

    def test_streams_are_the_resources_in_the_order_of_the_api_root(self) -> None:
        """All 49, sorted as the root lists them, and none that the API does not have."""
        assert PokeApiSource.streams() == sorted(pokeapi_records.COUNTS)
        assert len(PokeApiSource.streams()) == 49

    @pytest.mark.parametrize("details", [False, True])
    @pytest.mark.parametrize("resource", RESOURCES)
    def test_records_fit_the_declared_schema(self, resource: str, *, details: bool) -> None:
        """Every record of every resource validates, and has no field the schema lacks."""
        schema = schemas_of(resource)["detail" if details else "list"]
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(closed(schema))
        for number in range(1, 31):
            record = pokeapi_records.detail(resource, number)
            if not details:
                record = {"id": number, **pokeapi_records.entry(resource, number)}
            validator.validate(record)

    def test_discovery_needs_no_network(self) -> None:
        """A catalog comes from a server that is not there, keyed by id."""
        definitions = declared()
        assert [definition.name for definition in definitions] == PokeApiSource.streams()
        assert {definition.key_properties for definition in definitions} == {("id",)}
        assert {definition.replication_method for definition in definitions} == {"FULL_TABLE"}
        assert all(str(definition.description).endswith(".") for definition in definitions)

    def test_the_settings_decide_schema_and_replication(self) -> None:
        """``details`` declares details, ``skip_unchanged`` makes streams incremental."""
        streams = declared(details=True, skip_unchanged=True)
        machine = next(stream for stream in streams if stream.name == "machine")
        assert machine.schema == schemas_of("machine")["detail"]
        assert machine.replication_method == "INCREMENTAL"

    def test_unnamed_resources_have_no_name_column(self) -> None:
        """The list entries of five resources are a url and nothing else."""
        unnamed = {
            name for name in RESOURCES if "name" not in schemas_of(name)["list"]["properties"]
        }
        assert unnamed == pokeapi_records.UNNAMED

    def test_recursive_parts_are_free_form(self) -> None:
        """The links of an evolution chain nest without end, so they are declared as objects."""
        chain = schemas_of("evolution-chain")["detail"]["properties"]["chain"]["properties"]
        assert chain["evolves_to"] == {
            "type": ["array", "null"],
            "items": {"type": ["object", "null"]},
        }


class TestGenerate:
    """The script that makes the schema files."""

    def test_the_script_writes_a_file_per_resource(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Constraints go, null comes, and the fields the vendor mixed up are put right."""
        path = tmp_path / "openapi.yml"
        path.write_text(yaml.safe_dump(openapi()), encoding="utf-8")
        monkeypatch.setattr(generate, "FOLDER", tmp_path)
        monkeypatch.setattr(sys, "argv", ["generate", str(path)])
        generate.main()
        made = {file.stem: json.loads(file.read_text()) for file in tmp_path.glob("*.json")}
        assert made.keys() == set(RESOURCES)
        assert made["berry"]["list"]["properties"] == {"id": INTEGER, "name": NULLABLE_TEXT}
        held = made["pokemon"]["detail"]["properties"]["held_items"]["items"]["properties"]
        link = {"type": ["object", "null"], "properties": {"name": NULLABLE_TEXT}}
        assert held == {"rarity": {"type": ["integer", "null"]}, "item": link}
        sprites = made["pokemon"]["detail"]["properties"]["sprites"]
        assert sprites == made["pokemon"]["detail"]["properties"]["map"]
        assert sprites == {"type": ["object", "null"]}

    def test_files_are_as_the_script_writes_them(self) -> None:
        """Nobody edited a schema file by hand into another format."""
        for resource in RESOURCES:
            text = (FOLDER / f"{resource}.json").read_text(encoding="utf-8")
            assert rendered(schemas_of(resource)) == text

    def test_a_part_within_itself_becomes_free_form(self) -> None:
        """Recursion ends at the first part that comes again."""
        tree = {
            "type": "object",
            "properties": {
                "id": {"type": "integer"},
                "parent": {"oneOf": [{"$ref": "#/parts/Tree"}, {"type": "null"}]},
            },
        }
        assert Components({"Tree": tree}).record({"$ref": "#/parts/Tree"}) == {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "parent": {"type": ["object", "null"]}},
        }

    @pytest.mark.parametrize("node", [{}, {"type": ["string", "integer"]}, {"anyOf": [{}, {}]}])
    def test_an_ambiguous_part_is_refused(self, node: dict[str, Any]) -> None:
        """What has several types or none is decided by a person."""
        with pytest.raises(UnknownShapeError):
            Components({}).translate(node)

    def test_new_resources_are_noticed(self) -> None:
        """A description with other resources than the tap's is refused, naming them."""
        with pytest.raises(UnknownShapeError, match="zodiac"):
            schemas({"paths": {"/api/v2/zodiac/": {}, "/api/v2/meta/": {}}})


class TestSettings:
    """What a user may write."""

    @pytest.mark.parametrize("url", ["pokeapi.co/api/v2", "ftp://h/x", "https://h/x?key=secret"])
    def test_a_base_url_that_is_none_is_refused(self, url: str) -> None:
        """The mistake is found before the first request."""
        with pytest.raises(ValidationError, match="base_url"):
            PokeApiSourceConfig(stream="berry", base_url=url)

    def test_clear_text_beyond_this_machine_is_refused(self) -> None:
        """http:// to another host needs ``http.allow_http``."""
        with pytest.raises(UnsafeError):
            PokeApiSource(PokeApiSourceConfig(stream="berry", base_url="http://example.com/api/v2"))

    def test_every_setting_is_described(self) -> None:
        """``--about`` has a sentence for each."""
        fields = PokeApiSource.get_config_class().model_fields
        assert [name for name, field in fields.items() if not field.description] == []

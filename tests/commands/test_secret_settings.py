"""Every setting that may hold a credential says so, in every tap there is and will be."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

import pytest
from pydantic import BaseModel

import bizon_singer
import bizon_taps
from bizon_singer.config_schema import config_schema, is_secret_field
from tests.adapter.test_config_schema import nodes
from tests.commands.process import tap

SUSPICIOUS = re.compile(
    r"token|secret|password|key|credential|service_account|refresh|cookie", re.IGNORECASE
)
NO_SECRETS = {
    "token_refresh_endpoint": "the public address of an API",
    "token_uri": "the public address of an API",
    "key_properties": "names of columns",
    "token_expiry_date": "a moment",
    "token_expiry_date_format": "a pattern of strptime",
    "access_token_name": "the name of a field, from the API's documentation",
    "flattening_max_key_length": "a number of characters",
    "clustering_keys": "names of columns",
    "key_encoding": "the name of an encoding",
    "key_location": "the path of a file",
    "skip_message_invalid_keys": "true or false",
    "token_endpoint_url": "the public address of an API",
}
"""Settings whose names only look like a credential's, each with what it holds."""
TAPS = sorted(
    script.name
    for script in entry_points(group="console_scripts")
    if script.name.startswith("tap-") and script.value.partition(":")[0].startswith("bizon_")
)


def models() -> Iterator[type[BaseModel]]:
    """Give every class of settings of the package and its taps."""
    for package in (bizon_singer, bizon_taps):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith((".generate", "__main__")):
                importlib.import_module(module.name)
    waiting: list[type[BaseModel]] = [BaseModel]
    while waiting:
        found = waiting.pop().__subclasses__()
        waiting += found
        yield from (
            item for item in found if item.__module__.startswith(("bizon_singer", "bizon_t"))
        )


MODELS = sorted(set(models()), key=lambda model: (model.__module__, model.__qualname__))


def marks(node: dict[str, Any]) -> tuple[Any, Any]:
    """Return both marks of a setting."""
    return node.get("secret"), node.get("writeOnly")


@pytest.mark.parametrize("name", TAPS)
def test_what_a_tap_says_of_itself_marks_its_secrets(name: str) -> None:
    """`secret` for people and Meltano, `writeOnly` for forms: on each, at any depth."""
    settings = json.loads(tap(name, "--about", "--format", "json").stdout)["settings"]
    found = {path: node for path, last, node in nodes(settings) if SUSPICIOUS.search(last)}
    assert any(path.startswith("authentication.params.") for path in found)
    for path, node in found.items():
        is_secret = path.rpartition(".")[2] not in NO_SECRETS
        assert marks(node) == ((True, True) if is_secret else (None, None)), path


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_class_of_settings_shows_no_secret(model: type[BaseModel]) -> None:
    """What is marked stays out of ``repr``, where tracebacks and logs take it from, and back."""
    properties = config_schema(model, [])["properties"]
    for name, field in model.model_fields.items():
        is_marked = marks(properties[name]) == (True, True)
        if SUSPICIOUS.search(name):
            assert is_marked != (name in NO_SECRETS), name
        is_hidden = not field.repr or is_secret_field(model, name)
        assert is_marked == is_hidden, name


def test_no_exception_is_left_over() -> None:
    """Each name on the list is one of a setting there is."""
    fields = {name for model in MODELS for name in model.model_fields}
    assert NO_SECRETS.keys() <= fields
    assert {"tap-bizon", "tap-dummy", "tap-kafka", "tap-pokeapi"} <= set(TAPS)

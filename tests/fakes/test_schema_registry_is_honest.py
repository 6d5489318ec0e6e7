"""The made-up schema registry answers as a real Apicurio Registry did."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.schema_registry.recorded import IN_OTHER_WORDS, PATHS, RECORDED, asked, register
from tests.fakes.schema_registry.server import SchemaRegistry
from tests.fakes.schema_registry.store import Store


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    """What the made-up one answers, with the same schemas."""
    with SchemaRegistry(store=Store(next_global_id=1)) as registry:
        register(registry.url)
        return asked(registry.url)


@pytest.mark.parametrize("path", PATHS)
def test_it_answers_as_the_real_one(path: str, answers: dict[str, dict[str, Any]]) -> None:
    """Status, type of the schema and content are those recorded; it may say less, never else."""
    real = json.loads(RECORDED.read_text())[path]
    made_up = answers[path]

    assert (made_up["status"], made_up["type"]) == (real["status"], real["type"])
    assert says_no_more(read(made_up["body"]), read(real["body"]))


def read(body: str) -> Any:
    """Return the JSON of a body, or the text that it is."""
    try:
        return json.loads(body)
    except ValueError:
        return body


def says_no_more(made_up: Any, real: Any) -> bool:
    """Tell whether all that a made-up answer says is said by the real one."""
    if isinstance(made_up, dict) and isinstance(real, dict):
        return all(
            name in IN_OTHER_WORDS or (name in real and says_no_more(value, real[name]))
            for name, value in made_up.items()
        )
    if isinstance(made_up, list) and isinstance(real, list):
        return len(made_up) == len(real) and all(map(says_no_more, made_up, real))
    return bool(made_up == real)

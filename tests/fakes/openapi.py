"""Official OpenAPI documents, and what an answer has that they do not allow.

Beyond what a validator says, an answer may hold no field its document does not name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT4

FORMATS: Final = FormatChecker(formats=())
INT32 = 1 << 31


@FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("int32")
def _is_int32(value: object) -> bool:
    return not isinstance(value, int) or -INT32 <= value < INT32


class Documents:
    """All documents of a folder.

    Args:
        folder: Where they are, one JSON file each.
        changes: By the name of a schema, what replaces some of its keywords: what is known to
            differ on the wire.
    """

    def __init__(self, folder: Path, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Read them."""
        self._operations: list[tuple[str, str, str, dict[str, Any]]] = []
        self._answers: dict[str, dict[str, Any]] = {}
        resources = []
        for path in sorted(folder.glob("*.json")):
            document = json.loads(path.read_text())
            for name, change in changes.items():
                _change(document, name, change)
            resources.append((f"urn:{path.stem}", DRAFT4.create_resource(_closed(document))))
            self._answers[path.stem] = document["components"].get("responses", {})
            self._operations += [
                (path.stem, method.upper(), template, operation)
                for template, operations in document["paths"].items()
                for method, operation in operations.items()
                if method in {"get", "post"}
            ]
        self._registry: Registry[Any] = Registry().with_resources(resources)

    def schema_of(self, method: str, path: str, status: int) -> dict[str, Any] | None:
        """Return what an answer must be, None if there is no such operation."""
        found = [
            entry for entry in self._operations if entry[1] == method and _fits(entry[2], path)
        ]
        if not found:
            return None
        stem, _, template, operation = min(found, key=lambda entry: entry[2].count("{"))
        code = str(status) if str(status) in operation["responses"] else "default"
        answer = operation["responses"][code]
        pointer = ["paths", template, method.lower(), "responses", code]
        if "$ref" in answer:
            pointer = answer["$ref"].removeprefix("#/").split("/")
            answer = self._answers[stem][pointer[-1]]
        pointer += ["content", next(iter(answer["content"])), "schema"]
        quoted = [quote(part.replace("~", "~0").replace("/", "~1")) for part in pointer]
        return {"$ref": f"urn:{stem}#/{'/'.join(quoted)}"}

    def violations(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return what is wrong with an answer, nothing if it is as documented."""
        schema = self.schema_of(method, path, status)
        if schema is None:
            return [f"{method} {path} is not documented"]
        validator = Draft4Validator(schema, registry=self._registry, format_checker=FORMATS)
        return [
            f"{error.json_path}: {error.message}"[:300] for error in validator.iter_errors(body)
        ]


def _fits(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) is not None


def _change(document: dict[str, Any], name: str, change: Mapping[str, Any]) -> None:
    schema, _, field = name.partition(".")
    found = document["components"]["schemas"].get(schema)
    if found is not None and field in found["properties"]:
        found["properties"][field] = change


def _closed(value: Any) -> Any:
    """Return a document in which no object may have fields that are not named, but errors."""
    if isinstance(value, list):
        return [_closed(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    made = {key: _closed(entry) for key, entry in value.items() if key != "example"}
    named = made.get("properties")
    if isinstance(named, dict) and made.get("type") == "object" and "correlationId" not in named:
        made.setdefault("additionalProperties", False)
    return made

"""Confluent's API over a store.

https://docs.confluent.io/platform/current/schema-registry/develop/api.html
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from tests.fakes.http_server import Answer, Request, json_answer
from tests.fakes.schema_registry.protoc import serialized
from tests.fakes.schema_registry.store import Content, Store, Version

NO_SUBJECT = (40401, "Subject not found.")
NO_VERSION = (40402, "Version not found.")
NO_SCHEMA = (40403, "Schema not found")
INVALID_SCHEMA = 42201


def confluent_answer(store: Store, request: Request) -> Answer:
    """Answer one request."""
    for method, pattern, handle in _ROUTES:
        found = re.fullmatch(pattern, request.path)
        if found and method == request.method:
            return handle(store, request, *map(unquote, found.groups()))  # type: ignore[no-any-return]
    return _refusal(404, "HTTP 404 Not Found")


def _by_id(store: Store, request: Request, number: str) -> Answer:
    found = [content for content in store.contents if str(content.number) == number]
    return _shown(store, request, _content(found[0]), found[0]) if found else _refusal(*NO_SCHEMA)


def _by_guid(store: Store, request: Request, guid: str) -> Answer:
    found = [content for content in store.contents if content.guid == guid]
    return _shown(store, request, _content(found[0]), found[0]) if found else _refusal(*NO_SCHEMA)


def _by_version(store: Store, request: Request, subject: str, name: str) -> Answer:
    if not store.of(subject):
        return _refusal(*NO_SUBJECT)
    version = store.version(subject, name)
    if version is None:
        return _refusal(*NO_VERSION)
    return _shown(store, request, _version(version), version.content)


def _register(store: Store, request: Request, subject: str) -> Answer:
    text, kind, references = _posted(request)
    return json_answer(_version(store.register(subject, text, kind, references)))


def _look_up(store: Store, request: Request, subject: str) -> Answer:
    text, kind, references = _posted(request)
    for version in store.of(subject):
        content = version.content
        if (content.text, content.type, content.references) == (text, kind, references):
            return json_answer(_version(version))
    return _refusal(*NO_SCHEMA)


_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/schemas/ids/([^/]+)", _by_id),
    ("GET", "/schemas/guids/([^/]+)", _by_guid),
    ("GET", "/subjects/([^/]+)/versions/([^/]+)", _by_version),
    ("POST", "/subjects/([^/]+)/versions", _register),
    ("POST", "/subjects/([^/]+)", _look_up),
]


def _posted(request: Request) -> tuple[str, str, tuple[tuple[str, str, int], ...]]:
    body = json.loads(request.body)
    references = body.get("references") or []
    named = tuple((item["name"], item["subject"], item["version"]) for item in references)
    return body["schema"], body.get("schemaType") or "AVRO", named


def _shown(store: Store, request: Request, shown: dict[str, Any], content: Content) -> Answer:
    """Answer with a schema, compiled if it is Protobuf and the client wants it so."""
    if content.type == "PROTOBUF" and request.query.get("format") == ["serialized"]:
        shown["schema"] = serialized(store, content)
    return json_answer(shown)


def _content(content: Content) -> dict[str, Any]:
    shown: dict[str, Any] = {"schema": content.text, "guid": content.guid}
    if content.type != "AVRO":
        shown["schemaType"] = content.type
    if content.references:
        shown["references"] = [
            {"name": name, "subject": subject, "version": version}
            for name, subject, version in content.references
        ]
    return shown


def _version(version: Version) -> dict[str, Any]:
    named = {"subject": version.subject, "version": version.number, "id": version.content.number}
    return {**named, **_content(version.content)}


def _refusal(code: int, message: str) -> Answer:
    status = code if code < 1000 else code // 100
    return json_answer({"error_code": code, "message": message}, status)

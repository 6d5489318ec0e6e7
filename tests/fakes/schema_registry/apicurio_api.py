"""Apicurio's API over a store, versions 2 and 3, as Apicurio Registry 3.0.9 answered.

Subjects are the artifacts of the default group. Like the real one it tells the type of a schema
only by globalId and only in version 3, and leaves the group of a reference out.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from tests.fakes.http_server import Answer, Request, json_answer
from tests.fakes.schema_registry.store import Content, Store, Version

CONTENT_TYPES = {"PROTOBUF": "application/x-protobuf"}


def apicurio_answer(store: Store, request: Request) -> Answer:
    """Answer one request."""
    found = re.fullmatch("/apis/registry/v([0-9])(/.*)", request.path)
    if found is None or found[1] not in store.apicurio_versions:
        return _refusal("3", "NotFoundException")
    for method, versions, pattern, handle in _ROUTES:
        inner = re.fullmatch(pattern, found[2])
        if inner and method == request.method and found[1] in versions:
            arguments = map(unquote, inner.groups())
            answer: Answer | None = handle(store, request, *arguments)
            return answer or _refusal(found[1], f"{_missing(found[2])}NotFoundException")
    return _refusal(found[1], "NotFoundException")


def _missing(path: str) -> str:
    """Return what is not there, as the real one names it."""
    if path.startswith("/ids/contentIds"):
        return "Content"
    is_artifact = path.endswith("/meta") or re.fullmatch("/ids/globalIds/[0-9]+/references", path)
    return "Artifact" if is_artifact else "Version"


def _info(_store: Store, _request: Request) -> Answer:
    return json_answer({"name": "Apicurio Registry (In Memory)", "version": "3.0.9"})


def _by_global_id(store: Store, request: Request, number: str) -> Answer | None:
    found = _of_global_id(store, number)
    if found is None:
        return None
    is_typed = (
        request.path.startswith("/apis/registry/v3") and "returnArtifactType" in request.query
    )
    return _text(found.content, "X-Registry-ArtifactType" if is_typed else "")


def _by_content_id(store: Store, _request: Request, number: str) -> Answer | None:
    content = _of_content_id(store, number)
    return None if content is None else Answer(200, content.text.encode())


def _references_of_global_id(store: Store, _request: Request, number: str) -> Answer | None:
    found = _of_global_id(store, number)
    return None if found is None else _references(found.content)


def _references_of_content_id(store: Store, _request: Request, number: str) -> Answer | None:
    content = _of_content_id(store, number)
    return None if content is None else _references(content)


def _version_text(store: Store, request: Request, artifact: str, name: str) -> Answer | None:
    # Branches came with version 3.
    is_branch = request.path.startswith("/apis/registry/v2") and name == "branch=latest"
    version = None if is_branch else store.version(artifact, name)
    return None if version is None else _text(version.content)


def _version_references(store: Store, _request: Request, artifact: str, name: str) -> Answer | None:
    version = store.version(artifact, name)
    return None if version is None else _references(version.content)


def _version_described(store: Store, _request: Request, artifact: str, name: str) -> Answer | None:
    version = store.version(artifact, name)
    return None if version is None else json_answer(_described(version))


def _artifact_described(store: Store, _request: Request, artifact: str) -> Answer | None:
    version = store.version(artifact, "latest")
    if version is None:
        return None
    shown = _described(version)
    shown |= {"id": shown.pop("artifactId"), "type": shown.pop("artifactType")}
    return json_answer(shown)


def _search(store: Store, request: Request) -> Answer:
    kind, (number,) = next(iter(request.query.items()))
    found = [
        {"artifactId": version.subject, "artifactType": version.content.type}
        for version in store.versions
        if number == str(version.global_id if kind == "globalId" else version.content.number)
    ]
    if request.path.startswith("/apis/registry/v2"):
        found = [{"id": one["artifactId"], "type": one["artifactType"]} for one in found]
    return json_answer({"artifacts": found, "count": len(found)})


def _create(store: Store, request: Request) -> Answer:
    body = json.loads(request.body)
    content = body["firstVersion"]["content"]
    references = tuple(
        (each["name"], each["artifactId"], int(each["version"]))
        for each in content.get("references") or []
    )
    version = store.register(
        body["artifactId"], content["content"], body["artifactType"], references
    )
    return json_answer({"artifact": {}, "version": _described(version)})


_ARTIFACT = "/groups/default/artifacts/([^/]+)"
_ROUTES: list[tuple[str, str, str, Any]] = [
    ("GET", "23", "/system/info", _info),
    ("GET", "23", "/ids/globalIds/([0-9]+)", _by_global_id),
    ("GET", "23", "/ids/contentIds/([0-9]+)", _by_content_id),
    ("GET", "23", "/ids/globalIds/([0-9]+)/references", _references_of_global_id),
    ("GET", "23", "/ids/contentIds/([0-9]+)/references", _references_of_content_id),
    ("GET", "23", "/search/artifacts", _search),
    ("GET", "2", f"{_ARTIFACT}/meta", _artifact_described),
    ("GET", "2", f"{_ARTIFACT}/versions/([^/]+)", _version_text),
    ("GET", "3", f"{_ARTIFACT}/versions/([^/]+)", _version_described),
    ("GET", "3", f"{_ARTIFACT}/versions/([^/]+)/content", _version_text),
    ("GET", "23", f"{_ARTIFACT}/versions/([^/]+)/references", _version_references),
    ("POST", "3", "/groups/default/artifacts", _create),
]


def _of_global_id(store: Store, number: str) -> Version | None:
    return next((each for each in store.versions if str(each.global_id) == number), None)


def _of_content_id(store: Store, number: str) -> Content | None:
    return next((each for each in store.contents if str(each.number) == number), None)


def _text(content: Content, type_header: str = "") -> Answer:
    headers = {"Content-Type": CONTENT_TYPES.get(content.type, "application/json")}
    if type_header:
        headers[type_header] = content.type
    return Answer(200, content.text.encode(), headers)


def _references(content: Content) -> Answer:
    return json_answer(
        [
            {"name": name, "artifactId": subject, "version": str(version)}
            for name, subject, version in content.references
        ]
    )


def _described(version: Version) -> dict[str, Any]:
    return {
        "artifactId": version.subject,
        "artifactType": version.content.type,
        "version": str(version.number),
        "globalId": version.global_id,
        "contentId": version.content.number,
    }


def _refusal(version: str, name: str) -> Answer:
    what = (
        {"status": 404, "title": "No."} if version == "3" else {"error_code": 404, "message": "No."}
    )
    return json_answer({**what, "name": name, "detail": "No."}, 404)

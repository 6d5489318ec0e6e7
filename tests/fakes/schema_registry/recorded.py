"""What a real Apicurio Registry answered, and how to ask one again.

The answers in ``recorded.json`` are of Apicurio Registry 3.0.9, which runs on Java 17;
tests/brokers/test_kafka_registry.py sees that it still gives them. Another one is asked by::

    python -m tests.fakes.schema_registry.recorded http://127.0.0.1:8085

It must be an empty one: the answers hold the ids it gives.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bizon_singer.source.config import HttpConfig
from bizon_singer.source.session import Session

RECORDED = Path(__file__).with_name("recorded.json")
TYPE_HEADER = "X-Registry-ArtifactType"
IN_OTHER_WORDS = {"detail", "message", "title"}
"""What errors say, which nobody should read by program."""

SCHEMAS: list[tuple[str, str, str, list[tuple[str, str, int]]]] = [
    ("currency", '{"type":"enum","name":"Currency","symbols":["EUR"]}', "AVRO", []),
    (
        "orders-value",
        '{"type":"record","name":"Sale","fields":[{"name":"in","type":"Currency"}]}',
        "AVRO",
        [("Currency", "currency", 1)],
    ),
    ("users-value", '{"type":"object"}', "JSON", []),
    ("lines-value", 'syntax = "proto3"; message M { int32 a = 1; }', "PROTOBUF", []),
]
"""Subject, text, type and references of what is registered, in order."""

_EACH = [
    "system/info",
    *(f"ids/{kind}/{number}" for kind in ("globalIds", "contentIds") for number in (1, 2, 4, 99)),
    *(f"ids/{kind}/2?returnArtifactType=true" for kind in ("globalIds", "contentIds")),
    *(f"ids/{kind}/{n}/references" for kind in ("globalIds", "contentIds") for n in (1, 2, 99)),
    *(
        f"search/artifacts?{kind}={number}"
        for kind in ("globalId", "contentId")
        for number in (3, 99)
    ),
    "groups/default/artifacts/orders-value/meta",
    "groups/default/artifacts/unknown/meta",
    "groups/default/artifacts/orders-value/versions/branch=latest",
    "groups/default/artifacts/unknown/versions/branch=latest",
    "groups/default/artifacts/currency/versions/1",
    "groups/default/artifacts/currency/versions/1/content",
    "groups/default/artifacts/currency/versions/9/content",
    "groups/default/artifacts/orders-value/versions/1/references",
    "nothing/of/the/kind",
]
PATHS = [
    *(f"/apis/registry/{version}/{path}" for version in ("v2", "v3") for path in _EACH),
    "/apis/registry/v9/system/info",
]


def asked(url: str) -> dict[str, dict[str, Any]]:
    """Return what a registry answers to each path."""
    session = Session(HttpConfig(raise_for_status=False), 0)
    session.belong_to(url)
    answers = {}
    with session:
        for path in PATHS:
            reply = session.get(f"{url}{path}")
            answers[path] = {
                "status": reply.status_code,
                "type": reply.headers.get(TYPE_HEADER),
                "body": reply.text,
            }
    return answers


def register(url: str) -> None:
    """Register the schemas with a registry."""
    session = Session(HttpConfig(), 0)
    session.belong_to(url)
    with session:
        for subject, text, kind, references in SCHEMAS:
            content = {
                "content": text,
                "contentType": "application/x-protobuf"
                if kind == "PROTOBUF"
                else "application/json",
                "references": [
                    {
                        "groupId": "default",
                        "artifactId": artifact,
                        "version": str(number),
                        "name": name,
                    }
                    for name, artifact, number in references
                ],
            }
            body = {
                "artifactId": subject,
                "artifactType": kind,
                "firstVersion": {"content": content},
            }
            session.post(f"{url}/apis/registry/v3/groups/default/artifacts", json=body)


def main() -> None:
    """Ask the registry of the command line and keep its answers."""
    url = sys.argv[1]
    register(url)
    RECORDED.write_text(json.dumps(asked(url), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

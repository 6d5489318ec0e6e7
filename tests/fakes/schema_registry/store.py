"""What a fake registry holds: schemas, and the versions of the subjects they are registered for."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

GLOBAL_IDS_FROM = 101
"""So that a globalId is never taken for a contentId without a test noticing."""


@dataclass(frozen=True)
class Content:
    """A schema, whatever it is registered for.

    Attributes:
        number: Its id for Confluent, its contentId for Apicurio.
        references: Name, subject and version of the schemas it uses.
    """

    number: int
    text: str
    type: str
    references: tuple[tuple[str, str, int], ...]

    @property
    def guid(self) -> str:
        """The id that is the same in every registry."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.type} {self.text} {self.references}"))


@dataclass(frozen=True)
class Version:
    """A schema as one version of a subject."""

    subject: str
    number: int
    global_id: int
    content: Content


@dataclass
class Store:
    """The schemas of a registry.

    Attributes:
        next_id: Id of the next new schema.
        next_global_id: Of the next new version.
        apicurio_versions: Versions of Apicurio's API it has.
    """

    next_id: int = 1
    next_global_id: int = GLOBAL_IDS_FROM
    apicurio_versions: str = "23"
    contents: list[Content] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    _lock: Any = field(default_factory=threading.Lock)

    def register(
        self,
        subject: str,
        text: str,
        kind: str = "AVRO",
        references: tuple[tuple[str, str, int], ...] = (),
    ) -> Version:
        """Register a schema for a subject; the version it has if it was registered before."""
        with self._lock:
            content = self._content(text, kind, references)
            known = [version for version in self.of(subject) if version.content is content]
            if known:
                return known[0]
            number = len(self.of(subject)) + 1
            version = Version(subject, number, self.next_global_id, content)
            self.next_global_id += 1
            self.versions.append(version)
            return version

    def _content(
        self, text: str, kind: str, references: tuple[tuple[str, str, int], ...]
    ) -> Content:
        for content in self.contents:
            if (content.text, content.type, content.references) == (text, kind, references):
                return content
        content = Content(self.next_id, text, kind, references)
        self.next_id += 1
        self.contents.append(content)
        return content

    def of(self, subject: str) -> list[Version]:
        """Return the versions of a subject, in order."""
        return [version for version in self.versions if version.subject == subject]

    def version(self, subject: str, name: str) -> Version | None:
        """Return a version by its number or ``latest``."""
        versions = self.of(subject)
        if name in {"latest", "-1", "branch=latest"}:
            return versions[-1] if versions else None
        return next((version for version in versions if str(version.number) == name), None)

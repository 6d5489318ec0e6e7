"""A schema registry, as decoders ask it.

An id it does not have is a failure of the message that names it. Anything else that goes wrong is
a failure of the run: an outage is tried again by the session and then ends the run (exit code 5),
refused credentials end it (3), and so does a server that is no registry (4). A message is never
skipped because its schema could not be asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from bizon_singer.errors import ProtocolError
from bizon_singer.source.reply import CredentialsStatusError, HttpStatusError, Reply
from bizon_singer.source.session import Session
from bizon_taps.kafka.decoding.error import DecodeError, UnknownSchemaError
from bizon_taps.kafka.decoding.framing import SchemaId
from bizon_taps.kafka.decoding.settings import Encoding, Part, RegistrySettings

MAX_REFERENCES = 1_000
"""Schemas one schema may be made of."""


@dataclass(frozen=True)
class Schema:
    """A schema as the registry has it.

    Attributes:
        encoding: Whose schema language it is in.
        references: The schemas it uses by the names it uses for them, each after those it uses.
    """

    encoding: Encoding
    text: str
    references: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reference:
    """A schema another one uses.

    Attributes:
        name: What it is called there.
        place: Where the registry has it.
    """

    name: str
    place: str


class Registry(ABC):
    """The registry of one run.

    Args:
        settings: Where it is.
        session: Sends the requests.
    """

    def __init__(self, settings: RegistrySettings, session: Session) -> None:
        """Send nothing yet."""
        self._root = settings.url.rstrip("/")
        self._auth = (settings.username, settings.password) if settings.username else None
        self._session = session

    @abstractmethod
    def fetch(self, schema_id: SchemaId) -> Schema:
        """Return a schema with all it refers to.

        Raises:
            UnknownSchemaError: The registry does not have it.
        """

    @abstractmethod
    def latest(self, topic: str, part: Part) -> Schema | None:
        """Return the newest schema of a topic, by the name ``<topic>-value`` or ``<topic>-key``."""

    @abstractmethod
    def has(self, schema_id: SchemaId) -> bool:
        """Tell whether there is a schema of an id."""

    @abstractmethod
    def _referenced(self, reference: Reference) -> tuple[str, list[Reference]]:
        """Return the text of a schema another one uses, and what it uses itself."""

    def _find(self, path: str, *, is_probe: bool = False) -> Reply | None:
        """Ask for a path below the root; None if the registry says it is not there.

        Args:
            path: With its query.
            is_probe: Whether the whole path may be unknown to the server.
        """
        try:
            reply = self._session.get(f"{self._root}/{path}", auth=self._auth)
        except CredentialsStatusError as error:
            raise HttpStatusError(
                _reply_of(error), "check the user name and password of `schema_registry`"
            ) from None
        except HttpStatusError as error:
            if _reply_of(error).status_code == HTTPStatus.NOT_FOUND:
                if is_probe or _is_registrys(_reply_of(error)):
                    return None
                raise HttpStatusError(
                    _reply_of(error),
                    "and not in the words of a schema registry; check `schema_registry.url`",
                ) from None
            raise
        if not isinstance(reply, Reply):
            raise TypeError
        return reply

    def _object(self, path: str) -> dict[str, Any] | None:
        """Ask for a JSON object; None if it is not there."""
        reply = self._find(path)
        if reply is None:
            return None
        value = reply.json()
        if not isinstance(value, dict):
            raise _no_registry(reply)
        return value

    def _with_references(self, references: Iterable[Reference]) -> tuple[tuple[str, str], ...]:
        """Fetch what a schema uses, each after what it uses itself."""
        found: dict[str, str] = {}
        open_names: set[str] = set()

        def visit(reference: Reference) -> None:
            if reference.name in found or reference.name in open_names:
                return
            if len(open_names) + len(found) >= MAX_REFERENCES:
                raise DecodeError(f"its schema uses more than {MAX_REFERENCES:,} others")
            open_names.add(reference.name)
            text, inner = self._referenced(reference)
            for each in inner:
                visit(each)
            open_names.discard(reference.name)
            found[reference.name] = text

        for reference in references:
            visit(reference)
        return tuple(found.items())


def unknown(schema_id: SchemaId) -> UnknownSchemaError:
    """Return the error for a schema the registry does not have."""
    return UnknownSchemaError(f"the registry has no schema with the {schema_id}")


def missing_reference() -> DecodeError:
    """Return the error for a schema that uses one the registry no longer has."""
    return DecodeError("its schema uses another one, which the registry does not have")


def segment(text: str) -> str:
    """Return a name as one segment of a path."""
    return quote(text, safe="")


def _reply_of(error: HttpStatusError) -> Reply:
    reply = error.response
    if not isinstance(reply, Reply):
        raise TypeError
    return reply


def _is_registrys(reply: Reply) -> bool:
    """Tell a registry's own "not found" from that of any other server.

    Confluent and Apicurio 2 answer with an ``error_code``, Apicurio 3 with a ``status``; of a path
    it does not have, Apicurio says ``NotFoundException``.
    """
    try:
        body = reply.json()
    except ProtocolError:
        return False
    if not isinstance(body, dict) or body.get("name") == "NotFoundException":
        return False
    return "error_code" in body or "status" in body


def _no_registry(reply: Reply) -> ProtocolError:
    return ProtocolError(
        f"{reply.place} did not answer as a schema registry does; check `schema_registry.url` and "
        "`schema_registry.type`"
    )

"""The workspace: requests to Notion, with answers checked for their shape and refusals explained.

https://developers.notion.com/reference/status-codes. An error of Notion has a code besides its
status, and only the two together tell what is not shared with the integration from a page that is
not Notion's at all: a 404 without its code is no missing page.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bizon_singer.errors import (
    ConfigError,
    CredentialsError,
    ExpiredCursorError,
    ProtocolError,
)
from bizon_singer.redact import excerpt
from bizon_singer.source.http_date import server_time
from bizon_singer.source.reply import FIRST_ERROR_STATUS, HttpStatusError
from bizon_singer.source.retry import not_retrying
from bizon_singer.source.session import Session
from bizon_taps.notion.config import NotionSourceConfig, NotionVersion

logger = logging.getLogger(__name__)

JSON = dict[str, Any]

BAD_REQUEST = 400
FORBIDDEN = 403
NOT_FOUND = 404
TOO_LONG = frozenset({504, 524})
"""Where Notion, or Cloudflare before it, waited in vain for an answer."""
ANSWERS_IN_TIME = 100
"""After so many, twice as much is asked for again: what took too long once may not any more."""
SHOWN_CHARACTERS = 80
_UNSUPPORTED = re.compile(r"not supported via the API", re.IGNORECASE)
_SEVERAL_SOURCES = re.compile(r"multiple[ _]data[ _]sources", re.IGNORECASE)


class MissingCapabilityError(CredentialsError):
    """The integration may not read this kind of thing at all."""


class NotSharedError(ProtocolError):
    """Notion does not find something: it is gone, or not shared with the integration."""


class UnsupportedError(ProtocolError):
    """Notion has something its API does not give."""


class RefusedCursorError(ExpiredCursorError):
    """The object a cursor named is gone, so the query it belongs to must be asked again."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list.

    Attributes:
        results: What it holds.
        cursor: Where the next page starts, empty at the end.
        is_cut: Whether the query has more results than Notion gives for one query.
    """

    results: list[JSON]
    cursor: str
    is_cut: bool


class Workspace:
    """Asks the endpoints of one workspace.

    Args:
        session: Sends the requests, with the authenticator on it.
        config: The settings.

    Attributes:
        asked: Number of requests so far.
    """

    def __init__(self, session: Session, config: NotionSourceConfig) -> None:
        """Ask nothing yet."""
        self._session = session
        self._config = config
        self._session.headers["Notion-Version"] = config.notion_version.value
        self.asked = 0
        self._now: datetime | None = None
        self._part_size = config.page_size
        self._in_time = 0

    def now(self) -> datetime:
        """Return the time by Notion's clock, as of its last answer; else by this machine's."""
        return self._now or datetime.now(UTC)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> JSON:
        """Return what an endpoint answers to a GET request.

        Args:
            path: Below ``/v1/``.
            params: The query.

        Raises:
            HttpStatusError: The status is 400 or more; of those that can be explained, one of the
                errors of this module.
            ProtocolError: The answer is no JSON object.
        """
        return self._ask("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any]) -> JSON:
        """Return what an endpoint answers to a JSON body; raises as :meth:`get`."""
        return self._ask("POST", path, json=body)

    def page(
        self, path: str, params: Mapping[str, Any] | None = None, *, cursor: str = ""
    ) -> tuple[Listed, JSON]:
        """Return a page of a list asked for by GET, and the whole answer; raises as :meth:`get`."""
        body = self.part(path, params, cursor=cursor)
        return self.listed(body, path), body

    def part(self, path: str, params: Mapping[str, Any] | None = None, *, cursor: str = "") -> JSON:
        """Return what :meth:`page` asks for, which may be no list; raises as :meth:`get`."""
        asked = params or {}
        return self._in_parts(path, lambda: self.get(path, {**asked, **self._paging(cursor)}))

    def query(self, path: str, body: Mapping[str, Any], *, cursor: str = "") -> Listed:
        """Return a page of a list asked for by POST; raises as :meth:`get`."""
        answer = self._in_parts(path, lambda: self.post(path, {**body, **self._paging(cursor)}))
        return self.listed(answer, path)

    @staticmethod
    def listed(body: JSON, path: str) -> Listed:
        """Return the page of a list an answer holds.

        Raises:
            ProtocolError: It holds none, or names a next page without saying where.
        """
        return _listed(body, path)

    @property
    def page_size(self) -> int:
        """How many things make a page."""
        return self._config.page_size

    def _in_parts(self, path: str, ask: Callable[[], JSON]) -> JSON:
        """Ask for a part of a list; for smaller ones from then on, where that takes too long."""
        answer = None
        while answer is None and self._part_size > 1:
            try:
                with not_retrying(self._session, TOO_LONG):
                    answer = ask()
            except HttpStatusError as error:
                if error.response.status_code not in TOO_LONG:
                    raise
                self._part_size //= 2
                self._in_time = 0
                logger.warning(
                    "%s: Notion took too long; %d are asked for at once for a while, which the "
                    "setting `page_size` can say from the start.",
                    path,
                    self._part_size,
                )
        if answer is None:
            answer = ask()
        self._in_time += 1
        if self._in_time % ANSWERS_IN_TIME == 0:
            self._part_size = min(2 * self._part_size, self.page_size)
        return answer

    def _paging(self, cursor: str) -> JSON:
        return {"page_size": self._part_size, **({"start_cursor": cursor} if cursor else {})}

    def _ask(self, method: str, path: str, **rest: Any) -> JSON:
        self.asked += 1
        try:
            url = f"{self._config.base_url}/v1/{path}"
            reply: Any = self._session.request(method, url, **rest)
            if reply.status_code >= FIRST_ERROR_STATUS:  # where http.raise_for_status is off
                raise HttpStatusError(reply)
        except HttpStatusError as error:
            raise self._explained(error, path) from error
        self._now = server_time(reply.headers)
        body = reply.json()
        if not isinstance(body, dict):
            raise ProtocolError(f"{path}: the answer is no JSON object; check `base_url`")
        return body

    def _explained(self, error: HttpStatusError, path: str) -> Exception:
        """Return what to raise for a status: an error of this module, or the one it is."""
        status, body = error.response.status_code, _error_body(error.response)
        code, message = body.get("code"), str(body.get("message"))
        if status == FORBIDDEN and code == "restricted_resource":
            return MissingCapabilityError(
                f"{path}: the integration lacks the capability to read this; give it the "
                "capability in its settings at Notion"
            )
        if status == NOT_FOUND and code == "object_not_found":
            return NotSharedError(
                f"{path}: Notion does not find it; share it with the integration, or take it as "
                "deleted"
            )
        if status == BAD_REQUEST and code == "validation_error":
            if "start_cursor" in message:
                return RefusedCursorError(f"{path}: Notion no longer takes the cursor; run again")
            if _UNSUPPORTED.search(message):
                return UnsupportedError(f"{path}: the API of Notion does not give this")
            if self._is_of_several_sources(body, message):
                return ConfigError(
                    f"{path}: the database has several data sources, which version "
                    f"{NotionVersion.DATABASES} of the API cannot read; set `notion_version` to "
                    f"{NotionVersion.DATA_SOURCES}"
                )
        return error

    def _is_of_several_sources(self, body: JSON, message: str) -> bool:
        more = body.get("additional_data")
        kind = more.get("error_type") if isinstance(more, dict) else None
        return not self._config.has_data_sources and bool(
            _SEVERAL_SOURCES.search(f"{kind} {message}")
        )


def _error_body(reply: Any) -> JSON:
    """Return the body of an error, empty where it is none of Notion's."""
    try:
        body = reply.json()
    except (ProtocolError, ValueError):
        return {}
    return body if isinstance(body, dict) and body.get("object") == "error" else {}


def _listed(body: JSON, path: str) -> Listed:
    results, more = body.get("results"), body.get("has_more")
    if (
        not isinstance(results, list)
        or not all(isinstance(item, dict) for item in results)
        or not isinstance(more, bool)
    ):
        raise ProtocolError(
            f"{path}: the answer has no list of `results`; check `base_url`, or run again later"
        )
    cursor = body.get("next_cursor") if more else ""
    if not isinstance(cursor, str) or (more and not cursor):
        raise ProtocolError(f"{path}: the answer announces more without a cursor; run again later")
    status = body.get("request_status")
    is_cut = isinstance(status, dict) and status.get("type") == "incomplete"
    return Listed(results, cursor, is_cut)


def type_of(thing: JSON) -> str:
    """Return the type something says it has, as text whatever it is."""
    return str(thing.get("type"))


def id_of(thing: JSON, what: str) -> str:
    """Return the id of something Notion gave.

    Raises:
        ProtocolError: It has none.
    """
    identity = thing.get("id")
    if not isinstance(identity, str) or not identity:
        raise ProtocolError(
            f"{excerpt(what, SHOWN_CHARACTERS)}: a result has no `id`; check `base_url`, or run "
            "again later"
        )
    return identity

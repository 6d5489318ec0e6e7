"""The account: its endpoints, with answers checked for their shape and refusals explained.

An answer that is no list of results is an error, never "no records": an HTML page with status 200,
``{}``, or a batch of which a part failed for another reason than being gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote

from bizon_singer.errors import CredentialsError, ProtocolError, TransientError
from bizon_singer.source.http_date import server_time
from bizon_singer.source.models import SourceRecord
from bizon_singer.source.reply import FIRST_ERROR_STATUS, HttpStatusError
from bizon_taps.hubspot.config import HubSpotSourceConfig
from bizon_taps.hubspot.paths import path_of
from bizon_taps.hubspot.rates import PacedSession
from bizon_taps.hubspot.window import milliseconds_of

JSON = dict[str, Any]

FORBIDDEN = 403
NOT_FOUND = 404
ABSENT = frozenset({400, NOT_FOUND})
"""What HubSpot answers for an object that has no such thing, or that the account does not have."""
MALFORMED_TOKEN = 530
PARTLY = 207
MAX_SCOPES = 5
_SCOPE = re.compile(r"[a-z][a-z0-9_.-]{1,80}")
_CATEGORY = re.compile(r"[A-Z_]{1,60}")
_SCOPE_LISTS = ("requiredGranularScopes", "missingScopes", "requiredScopes")
GONE = frozenset({"OBJECT_NOT_FOUND", "NO_ASSOCIATIONS_FOUND", "NOT_FOUND"})
"""Why an input of a batch has no result, where nothing is wrong: it has been archived since, or
has no associations."""


class MissingScopeError(CredentialsError):
    """The token may not read this."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an endpoint.

    Attributes:
        results: What it holds.
        after: Cursor of the next page, None at the end.
        records: The records of the results, where they were made of the answer at once.
    """

    results: list[JSON]
    after: str | None
    records: list[SourceRecord] | None = None


class ReadPage(Protocol):
    """What an answer is made at once."""

    @property
    def records(self) -> list[SourceRecord]:
        """What it holds."""

    @property
    def paging(self) -> Any:
        """What it says of the next one, as it came."""

    @property
    def errors(self) -> Any:
        """What it says of parts that failed, as it came."""


class Portal:
    """Asks the endpoints of one account.

    Args:
        session: Sends the requests, with the authenticator on it.
        config: The settings.
    """

    def __init__(self, session: PacedSession, config: HubSpotSourceConfig) -> None:
        """Ask nothing yet."""
        self._session = session
        self._config = config
        self._began: datetime | None = None

    def get(self, endpoint: str, params: Mapping[str, Any] | None = None, **names: str) -> JSON:
        """Return what an endpoint answers to a GET request.

        Raises:
            HttpStatusError: The status is 400 or more.
            MissingScopeError: The token may not read this.
            ProtocolError: The answer is no JSON object.
        """
        return _object(self._answer("GET", endpoint, names, params=params), endpoint)

    def post(
        self,
        endpoint: str,
        body: Mapping[str, Any],
        params: Mapping[str, Any] | None = None,
        **names: str,
    ) -> JSON:
        """Return what an endpoint answers to a JSON body; raises as :meth:`get`."""
        return _object(self._answer("POST", endpoint, names, params=params, json=body), endpoint)

    def page(
        self,
        endpoint: str,
        params: Mapping[str, Any] | None = None,
        read: Callable[[bytes], ReadPage | None] | None = None,
        /,
        *,
        properties: Sequence[str] = (),
        after: str | None = None,
        limit: int | None = None,
        **names: str,
    ) -> Page:
        """Return a page of a list that has cursors; raises as :meth:`get`.

        Args:
            endpoint: Which list.
            params: Parameters besides those of the page.
            read: Makes records of the answer at once, or None where it cannot.
            properties: Names of the properties that are wanted.
            after: Cursor of the page, None for the first.
            limit: How many it may hold.
            names: What stands in the path.
        """
        asked = dict(params or {})
        if limit is not None:
            asked["limit"] = limit
        if after is not None:
            asked["after"] = after
        # With plain commas, as HubSpot's examples have them: as an encoded parameter, a list of
        # names is a third longer, and urllib3 looks at each of its characters again.
        query = f"?properties={quote(','.join(properties), safe=',')}" if properties else ""
        reply = self._answer("GET", endpoint, names, query, params=asked)
        page = read(reply.content) if read is not None else None
        if page is not None:
            return Page([], next_cursor({"paging": page.paging}, endpoint), page.records)
        body = _object(reply, endpoint)
        return Page(results_of(body, endpoint), next_cursor(body, endpoint))

    def batch_read(
        self,
        object_path: str,
        ids: Sequence[str],
        properties: Sequence[str],
        *,
        history: Sequence[str] = (),
        archived: bool = False,
        read: Callable[[bytes], ReadPage | None] | None = None,
    ) -> Page:
        """Return objects in the order of their ids; those that are gone by now are left out.

        The names of properties travel in the body, which has no limit as a URL has.

        Args:
            object_path: Of which type.
            ids: Which.
            properties: Names of the properties that are wanted.
            history: Names of those whose former values are wanted.
            archived: Whether they are archived ones.
            read: Makes records of the answer at once, or None where it cannot.
        """
        if not ids:
            return Page([], None)
        body = {
            "inputs": [{"id": number} for number in ids],
            "properties": list(properties),
            "propertiesWithHistory": list(history),
        }
        params = {"archived": "true"} if archived else None
        names = {"object": object_path}
        reply = self._answer("POST", "batch_read", names, params=params, json=body)
        page = read(reply.content) if read is not None else None
        if page is not None:
            refuse_failed_parts({"errors": page.errors}, "batch_read")
            made = {record.id: record for record in page.records}
            return Page([], None, [made[number] for number in ids if number in made])
        answer = _object(reply, "batch_read")
        refuse_failed_parts(answer, "batch_read")
        results = results_of(answer, "batch_read")
        found = dict(zip(ids_of(results, "batch_read"), results, strict=True))
        return Page([found[number] for number in ids if number in found], None)

    def began(self) -> int:
        """Return when the first answer came, in epoch milliseconds, by HubSpot's clock.

        A server that does not date its answers is taken to have the time of this machine.
        """
        return milliseconds_of(self._began or datetime.now(UTC))

    def _answer(
        self, method: str, endpoint: str, names: Mapping[str, str], query: str = "", **rest: Any
    ) -> Any:
        path = path_of(endpoint, self._config.api_version, **names) + query
        try:
            reply: Any = self._session.request(method, self._config.base_url + path, **rest)
            if reply.status_code >= FIRST_ERROR_STATUS:  # where http.raise_for_status is off
                raise HttpStatusError(reply)
        except HttpStatusError as error:
            raise _explained(error, endpoint) from error
        if self._began is None:
            self._began = server_time(reply.headers) or datetime.now(UTC)
        return reply


def _object(reply: Any, endpoint: str) -> JSON:
    body = reply.json()
    if not isinstance(body, dict):
        raise ProtocolError(f"{endpoint}: the answer is no JSON object; check `base_url`")
    return body


def why_not(ask: Callable[[], None]) -> str | None:
    """Return why something cannot be read, None if it can.

    Raises:
        BizonSingerError: Asking failed for a reason that is not about this alone.
    """
    try:
        ask()
    except MissingScopeError as error:
        return str(error)
    except HttpStatusError as error:
        if error.response.status_code not in ABSENT:
            raise
        return "the account does not have it"
    return None


def results_of(body: JSON, endpoint: str, key: str = "results") -> list[JSON]:
    """Return the results an answer holds.

    Raises:
        ProtocolError: It holds none.
    """
    results = body.get(key)
    if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
        raise ProtocolError(
            f"{endpoint}: the answer has no list of `{key}`; check `base_url`, or run again later"
        )
    return results


def ids_of(results: list[JSON], what: str) -> list[str]:
    """Return the ids of objects.

    Raises:
        ProtocolError: One has none.
    """
    ids = [result.get("id") for result in results]
    if not all(isinstance(identity, str) and identity for identity in ids):
        raise ProtocolError(f"{what}: a result has no `id`; check `base_url`, or run again later")
    return ids  # type: ignore[return-value] # checked above


def next_cursor(body: JSON, endpoint: str) -> str | None:
    """Return the cursor of the next page, None if there is none.

    ``paging.next.link`` is never followed: it is optional, and names the host HubSpot knows.

    Raises:
        ProtocolError: There is a next page, but no cursor.
    """
    paging = body.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    if following is None:
        return None
    after = following.get("after") if isinstance(following, dict) else None
    if isinstance(after, bool) or not isinstance(after, str | int) or after == "":
        raise ProtocolError(
            f"{endpoint}: the answer names a next page without a cursor; run again later"
        )
    return str(after)


def refuse_failed_parts(body: JSON, endpoint: str) -> None:
    """Refuse a batch (status 207) of which a part failed for another reason than being gone.

    Raises:
        TransientError: It did.
    """
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else ():
        words = _words_of(error)
        if not words & GONE:
            known = [word for word in sorted(words) if _CATEGORY.fullmatch(word)]
            raise TransientError(
                f"{endpoint}: a part of the batch failed ({', '.join(known) or 'no category'}); "
                "run again later with the last STATE"
            )


def _words_of(error: Any) -> set[str]:
    """Return the words an error of a batch is told by; a dotted one by its last part."""
    if not isinstance(error, dict):
        return set()
    named = (error.get("category"), error.get("subCategory"))
    return {text.rpartition(".")[2] for text in named if isinstance(text, str)}


def _explained(error: HttpStatusError, endpoint: str) -> Exception:
    """Return what to raise for a status: with the missing scope, or the error as it is."""
    status = error.response.status_code
    if status == MALFORMED_TOKEN:
        return CredentialsError(
            f"{endpoint}: HubSpot does not take the token for one; check "
            "`authentication.params.token`"
        )
    if status != FORBIDDEN:
        return error
    scopes = _scopes(error.response)
    if not scopes:
        return MissingScopeError(
            f"{endpoint}: the token may not read this; the account's subscription or the app's "
            "scopes do not include it"
        )
    word = "the scope" if len(scopes) == 1 else "one of the scopes"
    return MissingScopeError(
        f"{endpoint}: the token may not read this; give the app {word} {', '.join(scopes)}"
    )


def _scopes(reply: Any) -> list[str]:
    """Return the scopes a refusal names; only what looks like one is shown."""
    try:
        body = reply.json()
    except (ProtocolError, ValueError):
        return []
    parts = [body, *(body.get("errors") or ())] if isinstance(body, dict) else []
    contexts: list[Any] = [part.get("context") for part in parts if isinstance(part, dict)]
    named = [
        scope
        for context in contexts
        if isinstance(context, dict)
        for name in _SCOPE_LISTS
        for scope in context.get(name) or ()
    ]
    found = dict.fromkeys(
        item for item in named if isinstance(item, str) and _SCOPE.fullmatch(item)
    )
    return list(found)[:MAX_SCOPES]

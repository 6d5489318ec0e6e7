"""Builds requests from templates: page after page, only the query and the body differ.

``requests`` merges headers, cookies, hooks, parameters and credentials anew for each request, and
parses the URL three times over. Here the first request of a kind is prepared by requests itself;
the next ones are copies of it with their own query, body and credentials. Whatever a template
cannot stand for (cookies, files, hooks, odd parameters) is left to requests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests

from bizon_singer.source.headers import Headers

MAX_TEMPLATES = 64
"""Sources that ask for a URL per record (``/item/1``) must not fill the memory."""
TEMPLATE_ARGUMENTS = frozenset({"params", "headers", "data", "json"})
_PLAIN_URL = re.compile(r"[A-Za-z0-9:/._~!$&'()*+,;=@-]+(\?[A-Za-z0-9:/._~!$&'()*+,;=@-]+)?")
_SIMPLE = (str, int, float, bool)

Key = tuple[str, str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """A prepared request without query, body and credentials.

    Attributes:
        request: As requests prepared it.
        headers: Its headers.
        session_headers: Headers of the session it was prepared with.
    """

    request: requests.PreparedRequest
    headers: Headers
    session_headers: list[tuple[str, Any]]


class RequestTemplates:
    """The templates of one session."""

    def __init__(self, session: requests.Session) -> None:
        """Start without any."""
        self._session = session
        self._templates: dict[Key, Template] = {}

    def build(self, method: str, url: Any, given: Mapping[str, Any]) -> Any:
        """Return a prepared request without credentials, None if requests has to build it.

        Args:
            method: In capitals.
            url: Where to.
            given: What :meth:`requests.Session.request` was given of a request's content.
        """
        session = self._session
        if session.cookies or session.params or session.hooks.get("response"):
            return None
        headers, data = given.get("headers"), given.get("data")
        if not (given.keys() <= TEMPLATE_ARGUMENTS and type(url) is str and _are_texts(headers)):
            return None
        if not _PLAIN_URL.fullmatch(url) or not isinstance(data, (str, bytes, dict, type(None))):
            return None
        address, _, own_query = url.partition("?")
        query = _joined(own_query, given.get("params"))
        if query is None:
            return None
        prepared = self._copy(method, address, headers)
        if query:
            prepared.url = f"{prepared.url}?{query}"
        if data or given.get("json") is not None:
            prepared.prepare_body(data, None, given.get("json"))
        return prepared

    def _copy(self, method: str, url: str, headers: Any) -> requests.PreparedRequest:
        key = (method, url, tuple(headers.items()) if headers else None)
        template = self._templates.get(key)
        session_headers = list(self._session.headers.items())
        if template is None or template.session_headers != session_headers:
            plain = requests.Request(method, url, headers=headers, auth=_no_credentials)
            prepared = self._session.prepare_request(plain)
            template = Template(prepared, Headers(prepared.headers), session_headers)
            if len(self._templates) >= MAX_TEMPLATES:
                self._templates.clear()
            self._templates[key] = template
        made = requests.PreparedRequest()
        vars(made).update(vars(template.request))
        made.headers = template.headers.copy()
        made.hooks = requests.hooks.default_hooks()
        return made


def authenticate(request: requests.PreparedRequest) -> None:
    """Let the authenticator a request was built with set its header anew."""
    auth = vars(request).get("auth")
    if auth is not None:
        request.prepare_auth(auth)


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep the session's own authenticator away from a template."""
    return request


def _joined(query: str, params: Any) -> str | None:
    """Return a query with parameters added, None where only requests knows how."""
    if not params:
        return query
    if type(params) is not dict:
        return None
    pairs = [(name, value) for name, value in params.items() if value is not None]
    if not all(type(name) is str and type(value) in _SIMPLE for name, value in pairs):
        return None
    try:
        added = urlencode(pairs)
    except UnicodeEncodeError:  # a lone surrogate
        return None
    return f"{query}&{added}" if query and added else query or added


def _are_texts(headers: Any) -> bool:
    return headers is None or (
        type(headers) is dict and all(type(value) is str for value in headers.values())
    )

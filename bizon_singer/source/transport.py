"""Sends prepared requests and wraps the answers: urllib3 as requests uses it, with less around it.

What ``requests`` looks up for each request again is kept here: the pool of an origin, its
certificates, where the path begins. An answer's cookies are read when there are some, its encoding
when somebody asks for text, and urllib3 wraps it only if it must
(:mod:`bizon_singer.source.connection`). With the templates of :mod:`bizon_singer.source.request`,
a request costs a third of what it does in requests (tests/benchmarks/subjects/exchange.py).
"""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connectionpool import ConnectionPool

from bizon_singer.source.connection import POOLS, Answer
from bizon_singer.source.origin import Origin, origin_of, path_start
from bizon_singer.source.reply import Reply


class ReplyAdapter(HTTPAdapter):
    """Turns urllib3 answers into :class:`Reply` objects.

    Mounted on a plain ``requests.Session``, it works there as well.
    """

    def __init__(self, **options: Any) -> None:
        """Open no connection yet; ``options`` are those of ``requests.adapters.HTTPAdapter``."""
        super().__init__(**options)
        self._pools: dict[tuple[Origin, Any], Any] = {}

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools; those of proxies are made elsewhere, and stay urllib3's own."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        proxies: Any = None,
        cert: Any = None,
    ) -> Any:
        """Return the pool of connections to the request's origin."""
        if proxies or cert:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        key = (origin_of(request.url or ""), verify)
        pool = self._pools.get(key)
        if pool is None or pool.pool is None:  # closed with the session, or pushed out by others
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            super().cert_verify(pool, request.url, verify, cert)  # type: ignore[no-untyped-call]
            self._pools[key] = pool
        return pool

    def cert_verify(self, conn: ConnectionPool, url: Any, verify: Any, cert: Any) -> None:
        """Give a pool its certificates, unless it has them."""
        if conn not in self._pools.values():
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return what stands in the request line."""
        url = request.url or ""
        path = url[path_start(url) :]
        # requests knows what to do where this is not plainly a path: two slashes would be read as
        # a host, a fragment stays here, a proxy wants the whole URL.
        if proxies or not path.startswith("/") or path.startswith("//") or "#" in path:
            return str(super().request_url(request, proxies))
        return path

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> Reply:
        """Wrap an answer whose body is still unread."""
        is_lean = isinstance(resp, Answer)
        reply = Reply(resp.headers if is_lean else CaseInsensitiveDict(resp.headers))
        reply.status_code = resp.status
        reply.reason = resp.reason
        if is_lean:
            reply.answer = resp
        else:
            reply.raw = resp
        reply.url = req.url or ""
        reply.request = req
        reply.connection = self
        return reply

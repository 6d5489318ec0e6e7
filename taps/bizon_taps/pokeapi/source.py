"""The PokeAPI: 49 resources, each a list of named links to details.

https://pokeapi.co/docs/v2. There is no authentication and no rate limit; the fair use policy asks
to send few requests, which large pages, ``skip_unchanged`` and a bounded number of workers do.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from bizon_singer.errors import BizonSingerError, ProtocolError
from bizon_singer.source.models import (
    SourceIncrementalState,
    SourceIteration,
    SourceRecord,
    StreamDefinition,
)
from bizon_singer.source.reply import HttpStatusError
from bizon_singer.source.source import AbstractSource
from bizon_taps.pokeapi.config import PokeApiSourceConfig
from bizon_taps.pokeapi.page import Page, PageReader
from bizon_taps.pokeapi.position import Position
from bizon_taps.pokeapi.resources import RESOURCES, schemas_of

logger = logging.getLogger(__name__)

NOT_FOUND = 404
FIRST_ERROR_STATUS = 400

DETAILS_PER_WORKER = 5
"""Details a worker fetches between two STATEs: a crash repeats at most so many per worker."""


class PokeApiSource(AbstractSource):
    """Reads one resource of the PokeAPI, as list entries or in detail.

    Pages are counted by this source. ``next`` only tells whether there are more: it names the
    host the API believes to be, which behind a mirror is another one.

    Args:
        config: The settings; ``config.stream`` is the name of a resource.
    """

    config: PokeApiSourceConfig

    def __init__(self, config: PokeApiSourceConfig) -> None:
        """Bind the session to the host of ``base_url``."""
        self.pool_size = config.detail_workers  # a connection for each of them
        super().__init__(config)
        self.session.belong_to(config.base_url)
        self._resource = str(config.stream)
        self._reader = PageReader(self._resource)
        self._page: Page | None = None
        self._count: int | None = None

    @staticmethod
    def streams() -> list[str]:
        """Return the names of the resources, as the API spells them."""
        return list(RESOURCES)

    @staticmethod
    def get_config_class() -> type[PokeApiSourceConfig]:
        """Return the class of the settings."""
        return PokeApiSourceConfig

    def discover(self) -> Sequence[StreamDefinition]:
        """Describe every resource for this configuration, without asking the API."""
        part = "detail" if self.config.details else "list"
        method = "INCREMENTAL" if self.config.skip_unchanged else "FULL_TABLE"
        return [
            StreamDefinition(
                name=resource,
                schema=schemas_of(resource)[part],
                key_properties=("id",),
                replication_method=method,
                description=description,
            )
            for resource, description in RESOURCES.items()
        ]

    def check_connection(self) -> tuple[bool, Any | None]:
        """Ask for one entry of the list; return False and the error if none comes."""
        try:
            self._fetch_page(offset=0, limit=1)
        except BizonSingerError as error:
            return False, error
        return True, None

    def get_total_records_count(self) -> int:
        """Return the ``count`` of the list, from an earlier answer if there was one."""
        if self._count is not None:
            return self._count
        return self._fetch_page(offset=0, limit=1).count

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Fetch a page of the list or, with ``details``, the next details of a page.

        Args:
            pagination: ``{"offset": index of the page's first entry}``, with ``details`` also
                ``"done": how many of the page were fetched``, with ``skip_unchanged`` also
                ``"hash": version of the data at the start of the run``.

        Raises:
            ProtocolError: An answer has the wrong shape, or the list ends short of its count.
        """
        if pagination:
            return self._iteration(Position.of(pagination))
        return self._iteration(Position(hash=self._data_version()))

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Fetch like ``get``, or nothing if the API's data is what the last run has read.

        Args:
            source_state: Its ``state`` is ``{"hash": version of the data, "details": bool}``;
                a list read before does not stand for the details wanted now.
            pagination: As for ``get``.
        """
        if pagination:
            return self.get(pagination)
        version = self._data_version()
        if version is not None and source_state.state == self._state(version):
            logger.info("%s: skipped, the API's data has not changed", self._resource)
            return SourceIteration(next_state=source_state.state)
        return self._iteration(Position(hash=version))

    def _iteration(self, position: Position) -> SourceIteration:
        """Return what lies at a position, and the position after it."""
        page = self._page_at(position)
        if self.config.details:
            size = self.config.detail_workers * DETAILS_PER_WORKER
            done = position.done + size
            records = self._details([number for number, _ in page.entries[position.done : done]])
            if done < len(page.entries):
                following = replace(position, done=done)
                return SourceIteration(following.pagination(), records)
        else:
            records = [
                SourceRecord(id=str(number), data={"id": number, **entry})
                for number, entry in page.entries
            ]
        if page.is_last:
            return SourceIteration({}, records, self._state(position.hash))
        following = Position(offset=page.end, hash=position.hash)
        return SourceIteration(following.pagination(), records)

    def _state(self, version: str | None) -> dict[str, Any]:
        """Return what tells a later run whether it may be skipped; without a version, nothing."""
        return {} if version is None else {"hash": version, "details": self.config.details}

    def _page_at(self, position: Position) -> Page:
        """Return the page of a position, held in memory while its details are handed over."""
        held, offset = self._page, position.offset
        if held is not None and held.offset == offset and position.done:
            return held
        page = self._fetch_page(offset=offset, limit=self.config.page_size)
        if held is not None and held.offset != offset and held.entries[:1] == page.entries[:1]:
            raise ProtocolError(
                f"{self._resource}, list at offset {offset:,}: the page is the one of offset "
                f"{held.offset:,} again; check `base_url`, or run again later"
            )
        self._page = page
        return page

    def _fetch_page(self, *, offset: int, limit: int) -> Page:
        url = f"{self.config.base_url}/{self._resource}/"
        body = self._fetch(url, {"limit": limit, "offset": offset})
        page = self._reader.read(body, offset=offset, limit=limit)
        if self._count is not None and self._count != page.count:
            logger.warning(
                "%s: the API's data changed while it was read (%s entries, now %s); run again to "
                "be sure that none is missing",
                self._resource,
                f"{self._count:,}",
                f"{page.count:,}",
            )
        self._count = page.count
        return page

    def _details(self, numbers: Sequence[int]) -> list[SourceRecord]:
        """Fetch details at the same time, in the order of their ids in the list."""
        with ThreadPoolExecutor(self.config.detail_workers) as workers:
            # map() cancels what has not started once one of them fails.
            return list(workers.map(self._detail, numbers))

    def _detail(self, number: int) -> SourceRecord:
        """Fetch one resource by id: names are not unique, and the host in its url is not ours."""
        detail = self._fetch(f"{self.config.base_url}/{self._resource}/{number}/")
        if not isinstance(detail, dict) or detail.get("id") != number:
            raise ProtocolError(
                f"{self._resource} {number}: the answer is no resource with this id; check "
                "`base_url`, or run again later"
            )
        return SourceRecord(id=str(number), data=detail)

    def _data_version(self) -> str | None:
        """Return the hash of the deployed data; None if it is not wanted or not known.

        https://pokeapi.co/api/v2/meta/ names the commit the data was built from. Servers of older
        code have no such page, and a server run from a copy may not know its commit.
        """
        if not self.config.skip_unchanged:
            return None
        try:
            meta = self._fetch(f"{self.config.base_url}/meta/")
        except HttpStatusError as error:
            if error.response.status_code != NOT_FOUND:
                raise
            meta = {"hash": None}
        version = meta.get("hash", 0) if isinstance(meta, dict) else 0
        if not isinstance(version, str | None):
            raise ProtocolError(
                "meta: the answer has no `hash`; check `base_url`, or unset `skip_unchanged`"
            )
        if not version:
            logger.warning(
                "%s: the API does not say which version its data has, so `skip_unchanged` has no "
                "effect and everything is read",
                self._resource,
            )
            return None
        return version

    def _fetch(self, url: str, params: dict[str, int] | None = None) -> Any:
        """Return the decoded answer of a GET request.

        Raises:
            HttpStatusError: The status is 4xx or 5xx, also where ``http.raise_for_status`` is off:
                the body of an error is no page.
        """
        reply = self.session.get(url, params=params)
        if reply.status_code >= FIRST_ERROR_STATUS:
            raise HttpStatusError(reply)
        return reply.json()

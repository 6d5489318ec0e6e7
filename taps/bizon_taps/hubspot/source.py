"""HubSpot: one source for all of its streams, each read by the reader of its kind.

https://developers.hubspot.com/docs/api-reference/overview. The kinds are CRM objects
(:mod:`~bizon_taps.hubspot.objects`), their history, associations, and the lists of everything else
(:mod:`~bizon_taps.hubspot.listings`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

from bizon_singer.errors import ConfigError
from bizon_singer.redact import excerpt
from bizon_singer.source.models import (
    SourceIncrementalState,
    SourceIteration,
    StreamDefinition,
)
from bizon_singer.source.source import AbstractSource
from bizon_taps.hubspot.associations import AssociationReader, pair_of
from bizon_taps.hubspot.config import HubSpotSourceConfig
from bizon_taps.hubspot.crm_objects import STANDARD, find_object
from bizon_taps.hubspot.discovery import WORKERS, AccountDiscovery, static_definitions
from bizon_taps.hubspot.history import SUFFIX, HistoryReader
from bizon_taps.hubspot.listings import BY_NAME, LISTINGS
from bizon_taps.hubspot.objects import ObjectReader
from bizon_taps.hubspot.portal import MissingScopeError, Portal
from bizon_taps.hubspot.rates import PacedSession
from bizon_taps.hubspot.rows import RowReader

SHOWN_CHARACTERS = 80


class FullReader(Protocol):
    """Reads a stream in full."""

    def get(self, pagination: dict[str, Any]) -> SourceIteration:
        """Return a page; ``{}`` asks for the first."""


class IncrementalReader(FullReader, Protocol):
    """Reads what changed as well."""

    def get_records_after(
        self, state: SourceIncrementalState, pagination: dict[str, Any]
    ) -> SourceIteration:
        """Return a page of what changed since the last run."""


class HubSpotSource(AbstractSource):
    """Reads one stream of a HubSpot account.

    Args:
        config: The settings; ``config.stream`` names the stream.
    """

    config: HubSpotSourceConfig
    session: PacedSession
    pool_size = WORKERS

    def __init__(self, config: HubSpotSourceConfig) -> None:
        """Bind the session to the host of ``base_url``."""
        super().__init__(config)
        self.session.belong_to(config.base_url)
        self._portal = Portal(self.session, config)

    @staticmethod
    def streams() -> list[str]:
        """Return the streams every account may have.

        The account's details come first: discovery is configured as the first stream is, and that
        one has no properties to be chosen by ``stream_settings``.
        """
        return [*(listing.name for listing in LISTINGS), *STANDARD]

    @staticmethod
    def get_config_class() -> type[HubSpotSourceConfig]:
        """Return the class of the settings."""
        return HubSpotSourceConfig

    @classmethod
    def stream_definitions(cls) -> Sequence[StreamDefinition]:
        """Describe the streams every account may have."""
        return static_definitions()

    def get_session(self) -> PacedSession:
        """Return a session that keeps within the limits of the account."""
        return PacedSession(
            self.config.http,
            self.config.api_config.retry_limit,
            requests_per_10_seconds=self.config.requests_per_10_seconds,
            searches_per_second=self.config.searches_per_second,
            pool_size=self.pool_size,
        )

    def discover(self) -> Sequence[StreamDefinition]:
        """Describe the streams of the account; without credentials, those every account may have.

        Raises:
            CredentialsError: The credentials are refused.
        """
        if self.config.authentication is None:
            return static_definitions(self.config)
        self._greet()
        config_of = self.config_of or (lambda _: self.config)
        return AccountDiscovery(self._portal, self.config, config_of).definitions()

    def check_connection(self) -> tuple[bool, Any | None]:
        """Ask the account who it is; it also tells the time zone its day ends by."""
        self._greet()
        return True, None

    def _greet(self) -> None:
        # A token may be too narrow even for this; what it is for is told by the stream itself.
        with contextlib.suppress(MissingScopeError):
            details = self._portal.get("account_details")
            zone = details.get("timeZone")
            self.session.time_zone = zone if isinstance(zone, str) else None

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Fetch a page of the stream; see the reader of its kind for the pagination."""
        return self._reader.get(pagination or {})

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Fetch a page of what changed since the last run."""
        reader: Any = self._reader
        iteration: SourceIteration = reader.get_records_after(source_state, pagination or {})
        return iteration

    @cached_property
    def _reader(self) -> FullReader | IncrementalReader:
        """What reads the stream.

        Raises:
            ConfigError: There is no such stream.
        """
        stream = str(self.config.stream)
        if stream in BY_NAME:
            return RowReader(self._portal, BY_NAME[stream], self.config)
        pair = pair_of(stream)
        if pair is not None:
            return AssociationReader(self._portal, pair)
        kind = find_object(stream.removesuffix(SUFFIX))
        if kind is not None and stream.endswith(SUFFIX):
            return HistoryReader(self._portal, kind, self.config, None)
        if kind is not None:
            return ObjectReader(
                self._portal, kind, self.config, self.selected_fields, self.stream_schema
            )
        raise ConfigError(
            f"there is no stream {excerpt(stream, SHOWN_CHARACTERS)!r}; --discover lists those "
            "there are"
        )

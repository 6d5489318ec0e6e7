"""``AbstractSource``: the one class a connector implements.

It is Bizon's class, member by member. Bizon makes six methods abstract; here four of them have
honest defaults, so that the smallest source is ``streams`` and ``get``. A class written for the
stricter contract fits unchanged.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from bizon_singer.source.auth.builder import AuthBuilder
from bizon_singer.source.callback import AbstractSourceCallback, NoOpSourceCallback
from bizon_singer.source.config import HttpConfig, SourceConfig
from bizon_singer.source.models import ProvenPosition
from bizon_singer.source.session import DEFAULT_POOL_SIZE, DEFAULT_RETRY_LIMIT, Session

if TYPE_CHECKING:
    from requests.auth import AuthBase

    from bizon_singer.source.models import (
        SourceIncrementalState,
        SourceIteration,
        StreamDefinition,
    )


class AbstractSource(ABC):
    """A source of records, for one stream of one configuration.

    One instance is made per selected stream, right before it is read; all its methods are called
    from one thread.

    Args:
        config: Settings, an instance of what ``get_config_class`` returns.

    Attributes:
        config: The settings; ``config.stream`` names the stream to read.
        session: The HTTP session to use, with the authenticator on it.
        proven: Set before ``commit`` is called, see there.
        streams_are_routes: Whether the source has a stream for each route it is told of
            (``set_streams_config``), and names no ``destination_id``.
        pool_size: How many connections the session keeps open. A source that sends requests from
            several threads sets it to as many, on the class or before ``super().__init__``.
        selected_fields: Top-level fields of ``data`` that will be written, set before the first
            page; None for all. What is not in it need not be fetched.
        stream_schema: JSON Schema of the stream's ``data`` as its catalog or discovery has it, set
            before the first page; None where none is declared. A source whose values have more
            than one form gives the one that fits.
        config_of: Set before ``discover``: the settings a stream of that name will have, those of
            ``stream_settings`` included.
    """

    selected_fields: frozenset[str] | None = None
    stream_schema: Mapping[str, Any] | None = None
    config_of: Callable[[str], Any] | None = None
    proven: ProvenPosition | None = None
    streams_are_routes: ClassVar[bool] = False
    pool_size: int = DEFAULT_POOL_SIZE

    def __init__(self, config: Any) -> None:
        """Open a session and put the authenticator on it."""
        self.config = config
        self.session: Any = self.get_session()
        authenticator = self.get_authenticator()
        if authenticator:
            self.session.auth = authenticator

    @staticmethod
    @abstractmethod
    def streams() -> list[str]:
        """Return the names of the streams there are."""

    @abstractmethod
    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Fetch one page.

        Args:
            pagination: ``{}`` for the first page, afterwards what the page before gave as
                ``next_pagination``. It is a copy: changing it changes nothing elsewhere.

        Returns:
            The page. An empty ``next_pagination`` ends the stream; an empty page with a new one
            does not.
        """

    @staticmethod
    def get_config_class() -> type[Any]:
        """Return the class of the settings, a subclass of ``SourceConfig``."""
        return SourceConfig

    def get_authenticator(self) -> AuthBase | None:
        """Return what authenticates requests; the default follows ``authentication``."""
        return AuthBuilder.from_config(getattr(self.config, "authentication", None))

    def check_connection(self) -> tuple[bool, Any | None]:
        """Tell whether the source can be read, and if not, why."""
        return True, None

    def get_total_records_count(self) -> int | None:
        """Return how many records the stream holds, if that is known: for progress only."""
        return None

    def get_records_after(
        self, source_state: SourceIncrementalState, pagination: dict[str, Any] | None = None
    ) -> SourceIteration:
        """Fetch one page of what changed since the last run.

        A source that does not override it can only be read in full.

        Args:
            source_state: What is known of earlier runs.
            pagination: As for ``get``.
        """
        raise NotImplementedError

    def commit(self) -> None:
        """Tell the source how far reading has been stored by the target.

        A tap never learns what its target stored while it runs. So this is called only when the
        setting ``commit`` is ``on_start``, before the first page, with ``self.proven`` set to
        what the STATE given at start proves.
        """

    def set_streams_config(self, streams: Sequence[Any]) -> None:
        """Receive the routing of streams, for sources that read several at once."""

    def close(self) -> None:
        """Let go of what the source holds open, when its stream ends, for whatever reason.

        A source that overrides it calls ``super().close()`` for its session.
        """
        close = getattr(self.session, "close", None)
        if callable(close):
            close()

    def get_session(self) -> Any:
        """Return the HTTP session; override it to use another ``requests.Session``."""
        http = getattr(self.config, "http", None)
        api = getattr(self.config, "api_config", None)
        return Session(
            http if isinstance(http, HttpConfig) else None,
            getattr(api, "retry_limit", DEFAULT_RETRY_LIMIT),
            pool_size=self.pool_size,
        )

    def get_source_callback_instance(self) -> AbstractSourceCallback:
        """Return a callback; kept for Bizon's contract, never invoked."""
        return NoOpSourceCallback(self.config)

    @classmethod
    def stream_definitions(cls) -> Sequence[StreamDefinition]:
        """Describe streams without credentials or network: schema, keys, replication key.

        Streams not described here are read with an inferred schema.
        """
        return ()

    def discover(self) -> Sequence[StreamDefinition] | None:
        """Describe the streams there are for this configuration, asking the API.

        Returns:
            All streams there are, or None if they do not depend on the configuration (then
            ``streams`` and ``stream_definitions`` say it all).
        """
        return None

"""A tap made of source classes: what the Singer SDK needs to know of them.

The SDK gives the command line, stream maps, flattening, ``--about`` and the test suite. Settings
are validated by the sources' own pydantic classes, streams come from ``streams()`` and the hooks
of the contract, and running is :mod:`bizon_singer.sync`.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PurePath
from typing import Any, ClassVar

from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)

from bizon_singer import signals, stdout
from bizon_singer.catalog import LISTED, ROUTED_FROM, read_catalog, refuse_unknown, root_of
from bizon_singer.command import TapCommand
from bizon_singer.config_errors import is_open, names_of, nearest
from bizon_singer.config_file import read_config_file, read_environment
from bizon_singer.config_schema import INJECTED, config_schema, secrets_in
from bizon_singer.discovery import Discovery
from bizon_singer.errors import (
    BizonSingerError,
    ConfigError,
)
from bizon_singer.failure import Failure, describe, log_trace
from bizon_singer.outlet import Outlet
from bizon_singer.progress import above_progress_bars, log_timer
from bizon_singer.redact import excerpt, redact
from bizon_singer.references import resolve_references
from bizon_singer.routed_stream import RouteStream
from bizon_singer.settings import AdapterSettings, Settings, read_settings
from bizon_singer.state import Bookmarks
from bizon_singer.stream import SourceStream
from bizon_singer.sync import RunContext, read_streams

PACKAGE = "bizon-singer"


class RunFailedError(BizonSingerError):
    """One or more streams did not complete."""

    def __init__(self, failures: list[Failure], complete: int, total: int) -> None:
        """Name the first failure, and how many streams failed, are complete and were wanted."""
        first = failures[0]
        counts = [f"{len(failures)} of {total} streams failed", f"{complete} are complete"]
        tail = f" ({', '.join(counts[: 2 if complete else 1])})" if total > 1 else ""
        super().__init__(f"{first}{tail}")
        self.exit_code = first.exit_code
        self.failures = failures


class _SettingsSchema:
    """The JSON Schema of a tap's settings, made when somebody asks for it: most runs do not."""

    def __get__(self, tap: SourceTap | None, tap_class: type[SourceTap]) -> dict[str, Any]:
        """Make it, and let it stand in place of this."""
        schema = config_schema(AdapterSettings, tap_class.config_classes())
        schema["properties"] = {**tap_class.extra_settings, **schema["properties"]}
        needed = [*tap_class.needed_settings, *schema.get("required", ())]
        if needed:
            schema["required"] = needed
        tap_class.config_jsonschema = schema
        return schema


class SourceTap(TapCommand):
    """A Singer tap over one or more source classes.

    A subclass sets ``name`` and ``source_classes``; its docstring is the description that
    ``--about`` shows. With ``--config ENV`` each setting is read from the environment as well, one
    within an object by its path: ``TAP_QUAKES_AUTHENTICATION_PARAMS_TOKEN``
    (:func:`bizon_singer.config_file.read_environment`).
    """

    name = PACKAGE
    package_name = PACKAGE
    source_classes: ClassVar[tuple[type[Any], ...]] = ()
    parallel_streams: ClassVar[int] = 1
    """How many streams to read at once unless ``max_parallel_streams`` says otherwise."""
    extra_settings: ClassVar[Mapping[str, Any]] = {}
    """JSON Schemas of settings the tap itself reads, such as tap-bizon's ``source_file_path``."""
    needed_settings: ClassVar[tuple[str, ...]] = ()
    """Those of them nobody can do without."""
    # BATCH is not offered: the SDK writes STATE between the files and the message that names
    # them, so a crash there would lose records (meltano/sdk#976).
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        TapCapabilities.TEST,
        PluginCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    config_jsonschema: ClassVar[dict[str, Any]] = _SettingsSchema()  # type: ignore[assignment]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give each tap class a settings schema of its own."""
        super().__init_subclass__(**kwargs)
        if "config_jsonschema" not in vars(cls):
            cls.config_jsonschema = _SettingsSchema()  # type: ignore[assignment]

    @classmethod
    def config_classes(cls) -> list[type[Any]]:
        """Return the configuration classes of the sources."""
        return [source_class.get_config_class() for source_class in cls.source_classes]

    def __init__(
        self,
        *,
        config: Any = None,
        catalog: Any = None,
        state: Any = None,
        parse_env_config: bool = False,
        validate_config: bool = True,
        setup_mapper: bool = True,
        message_writer: Any = None,
    ) -> None:
        """Check config, catalog and state, in this order, before anything is written."""
        self.writer = stdout.current()
        self.settings: Settings
        self._is_strict = validate_config
        self._is_for_catalog = not setup_mapper  # a catalog is printed as it is, without maps
        config = read_config_file(str(config)) if isinstance(config, (str, PurePath)) else config
        config = dict(config or {})
        if parse_env_config:
            config |= read_environment(self._full_schema(), self._env_var_prefix, config)
        config = resolve_references(config)
        if config.get("stream_maps", 0) is None:
            del config["stream_maps"]  # the SDK looks into it wherever the key is there
        redact.register(*secrets_in(config))  # before anything is read that may be refused
        given = catalog.to_dict() if hasattr(catalog, "to_dict") else catalog
        self._given_catalog = None if given is None else read_catalog(given)
        self.bookmarks = Bookmarks(state)
        super().__init__(
            config=config,
            catalog=self._given_catalog,
            state=self.bookmarks.value,
            validate_config=validate_config,
            setup_mapper=setup_mapper,
            message_writer=message_writer,
        )
        unread = self.bookmarks.unread()
        if unread:
            self.logger.warning(
                "The state has no `bookmarks`, only %s; every stream starts from its beginning.",
                ", ".join(f"`{name[:80]}`" for name in unread[:5]),
            )
        for name in self.bookmarks.unknown(self.streams):
            self.logger.warning(
                "The state has a bookmark of %r, which is no stream of this tap; it is kept as it "
                "is.",
                excerpt(name, 80),
            )

    def _setup_signal_handlers(self) -> None:
        """Install none: the SDK's write STATE in the handler and exit 0; see the cli module."""

    # Settings

    @classmethod
    def _full_schema(cls) -> dict[str, Any]:
        schema = cls.config_jsonschema
        cls.append_builtin_config(schema)
        return schema

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the adapter's settings and all names instead of using the SDK's JSON Schema.

        The SDK's validator prints the offending value, which may be a secret. Settings of sources
        are checked for the streams that are read, before anything is written: each stream may
        have its own, and static discovery needs none.
        """
        del raise_errors
        classes = self.config_classes()
        of_sources = set[str]().union(*map(names_of, classes))
        known = of_sources | set(self.extra_settings) | set(AdapterSettings.model_fields)
        self.settings = read_settings(
            self._config,
            known=known - (INJECTED - self.extra_settings.keys()),
            name=self.name.removeprefix("tap-"),
            any_name=any(map(is_open, classes)),
            has_streams="streams" in of_sources,
        )
        return []

    # Streams

    @cached_property
    def run_context(self) -> RunContext:
        """What all streams share."""
        interval = self.settings.adapter.state_interval_seconds
        outlet = Outlet(self.writer, self.bookmarks, interval)
        return RunContext(self.settings, self.bookmarks, outlet, signals.stop)

    def discover_streams(self) -> list[SourceStream]:
        """Return the streams of all sources."""
        discovery = Discovery(
            tap=self,
            context=self.run_context,
            source_classes=self.source_classes,
            settings_are_complete=self._is_strict,
            online=self.dynamic_catalog,
            catalog=self._given_catalog,
            is_for_catalog=self._is_for_catalog,
        )
        streams = list(discovery.streams().values())
        self.run_context.route_owners.update((stream.name, stream.read_by) for stream in streams)
        return streams

    @property
    def streams(self) -> dict[str, SourceStream]:  # type: ignore[override]
        """Streams by name, in the order their sources give them (the SDK sorts by name)."""
        if self._streams is None:
            found = {stream.name: stream for stream in self.discover_streams()}
            if self._given_catalog is not None:
                if not self.dynamic_catalog:
                    refuse_unknown(self._given_catalog, found)
                assert self.input_catalog is not None  # noqa: S101 - made of _given_catalog
                schemas = {
                    item["stream"]: item["schema"] for item in self._given_catalog["streams"]
                }
                for name, stream in found.items():
                    stream.follow_catalog(self.input_catalog, schemas.get(name, {}))
            self._streams = found  # type: ignore[assignment]
        return self._streams  # type: ignore[return-value]

    @property
    def catalog_dict(self) -> dict[str, Any]:
        """Catalog as ``--discover`` prints it."""
        catalog: dict[str, Any] = super().catalog_dict
        for entry in catalog["streams"]:
            stream = self.streams[entry["tap_stream_id"]]
            definition = stream.definition
            root = root_of(entry)
            if isinstance(stream, RouteStream):
                root[ROUTED_FROM] = stream.routed_from.name
            if definition.description:
                root["description"] = definition.description
            if definition.unavailable:
                root["unsupported-description"] = definition.unavailable
            entry["schema"] = stream.schema
        return catalog

    def run_discovery(self) -> str:
        """Write the catalog to stdout and return it."""
        text = json.dumps(self.catalog_dict, indent=2)
        self.writer.write(text.encode() + b"\n")
        return text

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the state that was checked before (the SDK would merge it without a check)."""
        self._state = state  # type: ignore[assignment] # a TypedDict of the SDK's own bookmarks

    # Running

    def sync_all(self) -> None:  # type: ignore[misc] # the SDK's stops at the first failing stream
        """Read every selected stream; a failing one does not stop the others.

        Raises:
            RunFailedError: One or more streams did not complete.
            OutputError: stdout failed, or the target went away.
            InterruptedRunError: A signal asked the run to stop.
        """
        started = time.monotonic()
        selected = self._selected_streams()
        for stream in selected:
            stream.source_config()
        if self.bookmarks.given:
            self.run_context.outlet.write(b"", with_state=True)
        complete = 0
        failures: list[Failure] = []
        try:
            for stream, error in self.read(selected):
                if error is None:
                    complete += 1
                    continue
                failures.append(self._failure(stream, error))
                if self.settings.adapter.on_stream_error == "stop":
                    break
        finally:
            status = "failed" if failures else "succeeded"
            log_timer("job_duration", time.monotonic() - started, job_type="sync", status=status)
        if failures:
            raise RunFailedError(failures, complete, len(selected))

    def read(
        self, streams: Iterable[SourceStream]
    ) -> Iterator[tuple[SourceStream, Exception | None]]:
        """Read streams; yield each as it ends, with what failed it.

        Raises:
            OutputError: stdout failed, or the target went away.
            InterruptedRunError: A signal asked the run to stop.
        """
        parallel = self.settings.adapter.max_parallel_streams or self.parallel_streams
        with above_progress_bars(), self.run_context.open_inbox() as inbox:
            yield from read_streams(streams, inbox, parallel=parallel)

    def _selected_streams(self) -> list[SourceStream]:
        known = {
            name: stream
            for name, stream in self.streams.items()
            if not isinstance(stream, RouteStream)
        }
        only = self.settings.adapter.stream
        if only is not None and only not in known:
            raise ConfigError(
                f"setting `stream` names {excerpt(only, 80)!r}, which this tap does not have"
                f"{nearest(only, known, LISTED)}"
            )
        for name in self.settings.adapter.stream_settings:
            if name not in known and not self.dynamic_catalog:
                raise ConfigError(
                    f"setting `stream_settings` names stream {excerpt(name, 80)!r}, which this tap "
                    f"does not have{nearest(name, known, LISTED)}"
                )
        if only is None:
            return [stream for stream in known.values() if stream.is_wanted]
        known[only].choose()
        return [known[only]]

    def _failure(self, stream: SourceStream, error: Exception) -> Failure:
        """Log what ended a stream, and return it as one sentence and an exit code."""
        failure = self.failure_of(stream, error)
        self.logger.error("%s", failure)
        return failure

    def failure_of(self, stream: SourceStream, error: Exception) -> Failure:
        """Return what ended a stream as one sentence; the traceback of a bug is logged."""
        run = stream.current_run
        failure = describe(
            error,
            stream.name,
            run.page if run is not None else None,
            from_source=run is not None and run.came_from_source(error),
        )
        if failure.trace:
            log_trace(self.logger, failure)
        elif self.logger.isEnabledFor(logging.DEBUG):
            self.logger.debug("The failure came from here:", exc_info=error)
        return failure


def tap_for(
    name: str,
    source_classes: Iterable[type[Any]],
    *,
    description: str | None = None,
    extra_settings: Mapping[str, Any] | None = None,
) -> type[SourceTap]:
    """Return a tap class over some sources.

    Args:
        name: Name of the command, such as ``tap-quakes``.
        source_classes: The sources, at least one.
        description: One sentence for ``--about``.
        extra_settings: JSON Schemas of further settings.
    """
    classes = tuple(source_classes)
    return type(
        "CustomTap",
        (SourceTap,),
        {
            "__doc__": description or classes[0].__doc__ or f"The tap {name}.",
            "name": name,
            "source_classes": classes,
            "extra_settings": dict(extra_settings or {}),
        },
    )

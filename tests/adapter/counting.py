"""A source that counts what is asked of it, and ways to discover and run it."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from typing import Any

from bizon_singer.source.config import SourceConfig
from bizon_singer.source.models import SourceIteration, SourceRecord, StreamDefinition
from bizon_singer.source.source import AbstractSource
from bizon_singer.tap import SourceTap, tap_for


class Needy(SourceConfig):
    """Settings without which no source can be made."""

    key: str


class Base(AbstractSource):
    """A source that counts what is asked of it."""

    calls: list[str] = []  # noqa: RUF012 - shared on purpose, emptied by each test

    def __init__(self, config: Any) -> None:
        """Note that an instance was made."""
        super().__init__(config)
        self.calls.append(f"made for {config.stream}")

    @staticmethod
    def streams() -> list[Any]:
        """Name one stream."""
        return ["things"]

    @staticmethod
    def get_config_class() -> type[Any]:
        """Need a key."""
        return Needy

    def get(self, pagination: Any = None) -> SourceIteration:
        """Give endless pages of two records, the second of another type."""
        page = (pagination or {}).get("page", 0)
        self.calls.append(f"get {page}")
        records = [
            SourceRecord(str(page), {"n": 1, "page": page}),
            SourceRecord(str(page), {"n": 1.5, "late": page} if page else {"n": 1}),
        ]
        return SourceIteration({"page": page + 1}, records)


class Incremental(Base):
    """A source that overrides ``get_records_after``."""

    def get_records_after(self, source_state: Any, pagination: Any = None) -> SourceIteration:
        """Give what get gives."""
        del source_state
        return self.get(pagination)


def catalog(*sources: type[Any], **config: Any) -> dict[str, Any]:
    """Discover as the command does and return the catalog's entries by stream."""
    tap = tap_for("tap-x", sources)._for_discovery(_Input(config))  # type: ignore[arg-type]
    with redirect_stdout(io.StringIO()) as printed:
        tap.run_discovery()
    entries = json.loads(printed.getvalue())["streams"]
    return {entry["tap_stream_id"]: entry for entry in entries}


class _Input:
    """What the command line gave."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.parse_env = False


def tap(source: type[Any], **config: Any) -> SourceTap:
    """Return a tap ready to run."""
    return tap_for("tap-x", [source])(config={"key": "k", **config})


def root(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of the stream itself."""
    found: dict[str, Any] = next(i["metadata"] for i in entry["metadata"] if not i["breadcrumb"])
    return found


def declaring(definitions: Any) -> type[Any]:
    """Return a source that declares its streams so."""

    class Declaring(Base):
        @classmethod
        def stream_definitions(cls) -> Any:
            return definitions() if callable(definitions) else definitions

    return Declaring


def with_schema(schema: Any, *keys: str) -> type[Any]:
    """Return a source whose stream has this schema."""
    return declaring([StreamDefinition("things", schema, keys)])

"""Makes every Bizon ``AbstractSource`` a Singer tap."""

from bizon_singer.collector import paused

with paused():
    from bizon_singer.cli import run
    from bizon_singer.on_demand import import_on_demand
    from bizon_singer.source.auth.builder import AuthBuilder
    from bizon_singer.source.auth.config import AuthConfig, AuthType
    from bizon_singer.source.config import SourceConfig, SourceSyncModes
    from bizon_singer.source.models import (
        JsonObject,
        JsonRecord,
        SourceIncrementalState,
        SourceIteration,
        SourceRecord,
        StreamDefinition,
    )
    from bizon_singer.source.source import AbstractSource

__all__ = [
    "AbstractSource",
    "AuthBuilder",
    "AuthConfig",
    "AuthType",
    "JsonObject",
    "JsonRecord",
    "SourceConfig",
    "SourceIncrementalState",
    "SourceIteration",
    "SourceRecord",
    "SourceSyncModes",
    "StreamDefinition",
    "run",
]

# Nothing above imports the Singer SDK; its parts come when a tap, or a source, asks for them.
import_on_demand()

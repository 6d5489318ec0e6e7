"""tap-dummy: the tap over its source."""

from __future__ import annotations

from bizon_singer.tap import SourceTap
from bizon_taps.dummy.source import DummySource


class TapDummy(SourceTap):
    """Made-up data for trying pipelines: creatures, plants and a stream of events."""

    name = "tap-dummy"
    source_classes = (DummySource,)

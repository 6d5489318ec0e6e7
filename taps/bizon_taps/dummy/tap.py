"""tap-dummy as a command."""

from __future__ import annotations

from typing import NoReturn

from bizon_singer.cli import run_tap
from bizon_singer.tap import SourceTap
from bizon_taps.dummy.source import DummySource


class TapDummy(SourceTap):
    """Made-up data for trying pipelines: creatures, plants and a stream of events."""

    name = "tap-dummy"
    source_classes = (DummySource,)


def main() -> NoReturn:
    """Run the command."""
    run_tap(lambda: TapDummy)

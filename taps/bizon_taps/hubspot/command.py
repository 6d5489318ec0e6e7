"""tap-hubspot as a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from bizon_singer.cli import run_tap

if TYPE_CHECKING:
    from bizon_singer.tap import SourceTap


def main() -> NoReturn:
    """Run the command."""
    run_tap(_tap)


def _tap() -> type[SourceTap]:
    """Return the tap."""
    from bizon_taps.hubspot.tap import TapHubSpot  # noqa: PLC0415 - once stdout is claimed

    return TapHubSpot

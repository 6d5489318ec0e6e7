"""tap-kafka as a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from bizon_singer.cli import run_tap
from bizon_singer.errors import UsageError

if TYPE_CHECKING:
    from bizon_singer.tap import SourceTap


def main() -> NoReturn:
    """Run the command."""
    run_tap(_tap)


def _tap() -> type[SourceTap]:
    """Return the tap; the client it needs comes with an extra of the package."""
    try:
        from bizon_taps.kafka.tap import TapKafka  # noqa: PLC0415 - it may not be installed
    except ModuleNotFoundError as error:
        if error.name != "confluent_kafka":
            raise
        raise UsageError(
            "tap-kafka needs the package confluent-kafka; install it by: "
            "pip install 'bizon-singer[kafka]'"
        ) from error
    return TapKafka

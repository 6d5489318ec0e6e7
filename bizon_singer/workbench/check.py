"""``bizon-singer check CONFIG``: do the settings work, the connection, and each stream?

The connection is that of the source's own ``check_connection``, asked once a source; then a record
of each stream is read, by the tap's own loop. Streams are not tried once the settings or the
connection have failed: they would all fail for the same reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click
from tqdm import tqdm

from bizon_singer.config_errors import listed
from bizon_singer.connection import check_connection, close_source
from bizon_singer.errors import BizonSingerError, ConfigError, InterruptedRunError
from bizon_singer.failure import describe, log_trace
from bizon_singer.progress import is_watched
from bizon_singer.reader import iterate
from bizon_singer.stream import SourceStream
from bizon_singer.tap import SourceTap
from bizon_singer.workbench.answer import Colour, json_option, write_json, write_lines
from bizon_singer.workbench.chosen import (
    choose,
    display_name,
    open_tap,
    own_stream_of,
    own_streams,
    read_configs,
    source_option,
)
from bizon_singer.workbench.collected import Collector
from bizon_singer.workbench.table import Cell, aligned

SETTINGS = "settings"
CONNECTION = "connection"
WORDS = {
    "ok": Cell("ok", Colour.GOOD),
    "failed": Cell("FAILED", Colour.BAD),
    "warned": Cell("warned", Colour.DOUBTFUL),
    "skipped": Cell("skipped", Colour.DOUBTFUL),
}


@dataclass(frozen=True)
class Step:
    """One thing that was checked.

    Attributes:
        check: ``settings``, ``connection`` or ``stream``.
        status: ``ok``, ``failed``, ``warned`` (a run would go on) or ``skipped``.
        detail: What was seen.
        stream: Name of the stream, for a stream.
        exit_code: What a run would end with for it.
    """

    check: str
    status: str
    detail: str
    stream: str | None = None
    exit_code: int = 0


VALID_SETTINGS = Step(SETTINGS, "ok", "every setting is known and valid")


class CheckFailedError(BizonSingerError):
    """A check failed; the answer says which.

    Args:
        failed: The steps that did, at least one.
    """

    def __init__(self, failed: Sequence[Step]) -> None:
        """Name the first failure, and how many there are."""
        first = failed[0]
        place = f"stream {first.stream!r}" if first.stream else f"the {first.check}"
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        super().__init__(f"{place}: {first.detail}{more}")
        self.exit_code = first.exit_code


def check(
    tap_class: type[SourceTap], configs: Sequence[str], only: Sequence[str] = ()
) -> Iterator[Step]:
    """Yield what was checked, step by step, up to the first that makes the next ones pointless.

    Args:
        tap_class: The tap.
        configs: Its config files.
        only: Streams to try; all that can be read if none is named.

    Raises:
        UsageError: A config file cannot be read, or there is no stream of a name in ``only``.
    """
    given = read_configs(tap_class, configs)
    collector = Collector()
    try:
        tap = open_tap(tap_class, given, collector)
    except ConfigError as error:
        yield Step(SETTINGS, "failed", str(error), exit_code=error.exit_code)
        return
    except InterruptedRunError:
        raise
    except BizonSingerError as error:  # the account was asked for its streams, and refused
        yield VALID_SETTINGS
        yield Step(CONNECTION, "failed", str(error), exit_code=error.exit_code)
        return
    streams = _streams(tap, only)
    readable = [stream for stream in streams if not stream.definition.unavailable]
    problems = [problem for stream in readable for problem in _problems(stream)]
    if problems:
        yield Step(SETTINGS, "failed", listed(problems), exit_code=ConfigError.exit_code)
        return
    yield VALID_SETTINGS
    is_connected = True
    for source_class in tap.source_classes:
        of_class = (stream for stream in readable if stream.source_class is source_class)
        first = next(of_class, None)
        if first is not None:
            step = _connection(tap, first)
            is_connected = is_connected and step.status != "failed"
            yield step
    for stream in streams:
        if stream.definition.unavailable:
            yield Step("stream", "skipped", stream.definition.unavailable, stream.name)
    if is_connected:
        yield from _read(tap, readable, collector)


def _streams(tap: SourceTap, only: Sequence[str]) -> list[SourceStream]:
    return [own_stream_of(tap, name) for name in only] if only else own_streams(tap)


def _problems(stream: SourceStream) -> Iterator[str]:
    try:
        stream.source_config()
    except ConfigError as error:
        yield str(error)


def _connection(tap: SourceTap, stream: SourceStream) -> Step:
    """Ask a source of its connection, in a thread of its own, as a run does."""
    source_class = stream.source_class
    mode = tap.settings.adapter.check_connection
    if mode == "skip":
        return Step(CONNECTION, "skipped", "the setting `check_connection` is skip")
    stop, limit = tap.run_context.stop, tap.settings.adapter.page_timeout_seconds

    def ask() -> Iterator[None]:
        source: Any = tap.settings.open_source(source_class, stream.source_config())
        try:
            check_connection(source, stream.name, on_failure="error")
        finally:
            close_source(source)
        yield

    try:
        for _ in iterate(ask, stop=stop, limit_seconds=limit):
            pass
    except InterruptedRunError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the source raises
        failure = describe(error, stream.name, None)
        log_trace(tap.logger, failure)
        if mode == "warn":
            return Step(CONNECTION, "warned", failure.sentence)
        return Step(CONNECTION, "failed", failure.sentence, exit_code=failure.exit_code)
    return Step(CONNECTION, "ok", f"{source_class.__name__}.check_connection() accepts it")


def _read(tap: SourceTap, streams: Sequence[SourceStream], collector: Collector) -> Iterator[Step]:
    """Read one record of each stream."""
    for stream in streams:
        stream.ABORT_AT_RECORD_COUNT = 1
        stream.selected = True
    bar = tqdm(total=len(streams), unit=" streams", leave=False, disable=not is_watched())
    with bar:
        for stream, error in tap.read(streams):
            bar.update()
            if error is None:
                owners = tap.run_context.route_owners
                given = {owners.get(name, name) for name in collector.of("RECORD")}
                is_empty = stream.name not in given
                detail = "it can be read, and is empty" if is_empty else "a record was read"
                yield Step("stream", "ok", detail, stream.name)
                continue
            failure = tap.failure_of(stream, error)
            place = f"page {failure.page}: " if failure.page else ""
            detail = f"{place}{failure.sentence}"
            yield Step("stream", "failed", detail, stream.name, failure.exit_code)


@click.command(short_help="Do the settings, the connection and every stream work?")
@click.argument("configs", metavar="[CONFIG]...", nargs=-1)
@source_option
@click.option(
    "--stream",
    "only",
    metavar="NAME",
    multiple=True,
    help="Try this stream only; may be repeated. Unset, every stream is tried.",
)
@json_option
def command(
    configs: Sequence[str], source: str | None, only: Sequence[str], *, as_json: bool
) -> None:
    """Check that settings, connection and every stream work; nothing is loaded or kept.

    CONFIG is the file a tap gets by --config, JSON or YAML; of several, later ones win. One record
    of each stream is read.
    """
    tap_class = choose(source, configs)
    steps = list(check(tap_class, configs, only))
    failed = [step for step in steps if step.status == "failed"]
    if as_json:
        name = display_name(tap_class, source)
        write_json({"source": name, "ok": not failed, "checks": steps})
    else:
        write_lines(aligned([[_what(step), WORDS[step.status], step.detail] for step in steps]))
    if failed:
        raise CheckFailedError(failed)


def _what(step: Step) -> str:
    return step.check if step.stream is None else f"{step.check} {step.stream}"

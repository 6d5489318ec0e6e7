"""The source a command line is about, as a tap, and the settings it is opened with."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bizon_singer import stdout
from bizon_singer.command import ConfigInput
from bizon_singer.config_errors import nearest
from bizon_singer.custom import (
    NAME_SETTING,
    PATH_SETTING,
    find_settings,
    read_config_texts,
    tap_of_file,
    tap_of_name,
)
from bizon_singer.errors import UsageError
from bizon_singer.redact import excerpt
from bizon_singer.stream import SourceStream
from bizon_singer.tap import SourceTap
from bizon_singer.workbench.installed import installed_taps

COMMAND_PREFIX = "tap-"
SHOWN_CHARACTERS = 80
LISTED = "; `bizon-singer source list` lists those installed, a file of your own ends in .py"

source_option = click.option(
    "--source",
    "-s",
    metavar="SOURCE",
    help="Name of an installed source, path of a .py file, or module:Class. Unset, the config "
    "names it: by `source_file_path`, else by `name`.",
)
config_option = click.option(
    "--config",
    "-c",
    "configs",
    metavar="FILE",
    multiple=True,
    help="Settings, JSON or YAML; of several, later ones win. ENV reads the environment.",
)


def choose(source: str | None, configs: Sequence[str] = ()) -> type[SourceTap]:
    """Return the tap a command line is about.

    Args:
        source: What ``--source`` gave.
        configs: What ``--config`` gave.

    Raises:
        UsageError: There is no such source, or neither names one.
    """
    if source is not None:
        return _of_file(source) if _is_file(source) else _installed(source)
    arguments = [argument for path in configs for argument in ("--config", path)]
    texts = read_config_texts(arguments)
    found = find_settings(arguments, texts)
    path, named = found.get(PATH_SETTING), found.get(NAME_SETTING, "")
    if path is not None:
        return _of_file(path, texts)
    if named.removeprefix(COMMAND_PREFIX) in installed_taps() or _is_class(named):
        return _installed(named, texts)
    raise UsageError(
        "nothing says which source is meant; add --source with the name of an installed one or "
        f"the path of a .py file, or the setting `{PATH_SETTING}`"
    )


def _is_file(source: str) -> bool:
    return source.endswith(".py") or "/" in source


def _is_class(source: str) -> bool:
    return ":" in source


def _of_file(path: str, texts: dict[str, str] | None = None) -> type[SourceTap]:
    tap_class = tap_of_file(path)
    tap_class.config_texts = texts or {}
    return tap_class


def _installed(source: str, texts: dict[str, str] | None = None) -> type[SourceTap]:
    taps = installed_taps()
    name = source.removeprefix(COMMAND_PREFIX)
    if _is_class(source):
        tap_class = tap_of_name(source)
        tap_class.config_texts = texts or {}
        return tap_class
    if name not in taps:
        raise UsageError(
            f"there is no source {excerpt(source, SHOWN_CHARACTERS)!r}"
            f"{nearest(name, taps, '')}{LISTED}"
        )
    tap_class = taps[name].load()
    tap_class.config_texts = texts or {}
    return tap_class


def display_name(tap_class: type[SourceTap], source: str | None) -> str:
    """Return what a source is called in an answer: its file, or its name."""
    if source is not None and _is_file(source):
        return source
    return tap_class.name.removeprefix(COMMAND_PREFIX)


def read_configs(tap_class: type[SourceTap], configs: Sequence[str]) -> ConfigInput:
    """Return what ``--config`` gave.

    Raises:
        ConfigError: A file cannot be read or holds no object.
    """
    return tap_class.cb_config(None, None, tuple(configs))


def open_tap(
    tap_class: type[SourceTap],
    given: ConfigInput,
    writer: stdout.Writer,
    *,
    is_complete: bool = True,
) -> SourceTap:
    """Return a tap with its settings checked.

    Args:
        tap_class: The tap.
        given: Its settings.
        writer: Takes its messages.
        is_complete: Whether settings must suffice to read; static streams are listed without.

    Raises:
        ConfigError: A setting is missing, unknown or wrong.
    """
    with stdout.replaced_by(writer):
        return tap_class(
            config=given.config,
            parse_env_config=given.parse_env,
            validate_config=is_complete,
            setup_mapper=is_complete,
        )


def stream_of(tap: SourceTap, name: str) -> SourceStream:
    """Return a stream of a tap.

    Raises:
        UsageError: It has no such stream.
    """
    if name not in tap.streams:
        known = ", ".join(list(tap.streams)[:10])
        raise UsageError(
            f"there is no stream {excerpt(name, SHOWN_CHARACTERS)!r}"
            f"{nearest(name, tap.streams, '')}; there are {known}"
            f"{', …' if len(tap.streams) > 10 else ''}"  # noqa: PLR2004 - as above
        )
    return tap.streams[name]


def own_stream_of(tap: SourceTap, name: str) -> SourceStream:
    """Return a stream that is read by itself; a route gets its records from another one.

    Raises:
        UsageError: The tap has no such stream, or it is a route.
    """
    stream = stream_of(tap, name)
    if stream.read_by != stream.name:
        raise UsageError(
            f"stream {stream.name!r} is a route, whose records come with stream "
            f"{stream.read_by!r}; name that one"
        )
    return stream


def own_streams(tap: SourceTap) -> list[SourceStream]:
    """Return the streams that are read by themselves: the one the config names, else all.

    Raises:
        UsageError: The tap has no stream of the name in the config.
    """
    only = tap.settings.adapter.stream
    if only is not None:
        return [own_stream_of(tap, only)]
    return [stream for stream in tap.streams.values() if stream.read_by == stream.name]

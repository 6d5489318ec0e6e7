"""tap-bizon: a source file of the user as a tap.

The file is named by the setting ``source_file_path``, so it has to be known before the settings
can be checked: ``--config`` is read here to find it, and its texts are handed on to the tap.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from bizon_singer.cli import exit_with
from bizon_singer.cli import main as run_main
from bizon_singer.config_file import (
    ENVIRONMENT,
    parse_config,
    read_config_text,
    read_environment,
)
from bizon_singer.errors import ConfigError
from bizon_singer.loader import find_sources, load_source_file
from bizon_singer.references import resolve_references
from bizon_singer.source.config import SourceConfig

if TYPE_CHECKING:
    from bizon_singer.tap import SourceTap

NAME = "tap-bizon"
DESCRIPTION = "Runs a source file of your own, written for Bizon or for this package, as a tap."
PATH_SETTING = "source_file_path"
PREFIX = "TAP_BIZON_"
ASKS_FOR_NOTHING = frozenset({"--help", "--version"})
"""Options that are answered without reading a config or running code of the user."""
SETTINGS = {
    PATH_SETTING: {
        "type": "string",
        "description": "Path of the Python file that holds the source, absolute or relative to "
        "the working directory. The file is executed: run only files you trust.",
    }
}


def config_arguments(arguments: Sequence[str]) -> list[str]:
    """Return the values of ``--config`` on a command line."""
    values = []
    for position, argument in enumerate(arguments):
        if argument == "--config" and position + 1 < len(arguments):
            values.append(arguments[position + 1])
        elif argument.startswith("--config="):
            values.append(argument.partition("=")[2])
    return values


def read_config_texts(arguments: Sequence[str]) -> dict[str, str]:
    """Return the texts of the config files on a command line, by path.

    Raises:
        ConfigError: One cannot be read.
    """
    paths = [path for path in config_arguments(arguments) if path != ENVIRONMENT]
    return {path: read_config_text(path) for path in paths}


def source_file_path(arguments: Sequence[str], texts: Mapping[str, str]) -> str | None:
    """Return the path of the source file a command line leads to, None if it names none.

    Args:
        arguments: The command line.
        texts: Texts of the config files on it.

    Raises:
        ConfigError: A config file holds no object, or the path is no string.
    """
    config: dict[str, Any] = {}
    for path, text in texts.items():
        config |= parse_config(path, text)
    if ENVIRONMENT in config_arguments(arguments):
        config |= read_environment({"properties": SETTINGS}, PREFIX)
    value = resolve_references(config.get(PATH_SETTING), PATH_SETTING)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"setting `{PATH_SETTING}` must be a string; give the path of a .py file")
    return value


def make_tap(arguments: Sequence[str]) -> type[SourceTap]:
    """Return the tap class for a command line.

    Raises:
        ConfigError: A config file cannot be read.
        SourceFileError: The source file cannot be loaded or holds no source.
    """
    if ASKS_FOR_NOTHING & set(arguments):
        return _tap_without_source({})
    texts = read_config_texts(arguments)
    path = source_file_path(arguments, texts)
    if path is None:
        return _tap_without_source(texts)
    tap = tap_of_file(path)
    tap.needed_settings = (PATH_SETTING,)
    tap.config_texts = texts
    return tap


def tap_of_file(path: str) -> type[SourceTap]:
    """Return a tap over the sources in a file.

    Raises:
        SourceFileError: It cannot be loaded or holds no source.
    """
    from bizon_singer.tap import tap_for  # noqa: PLC0415 - after stdout is claimed

    sources = find_sources(load_source_file(path), path)
    return tap_for(NAME, sources, description=DESCRIPTION, extra_settings=SETTINGS)


def _tap_without_source(texts: Mapping[str, str]) -> type[SourceTap]:
    """Return a tap that explains itself and its command line, but refuses to run."""
    from bizon_singer.tap import SourceTap  # noqa: PLC0415 - after stdout is claimed

    class TapWithoutSource(SourceTap):
        """Knows the settings that all sources share."""

        name = NAME
        config_texts = texts
        extra_settings = SETTINGS
        needed_settings = (PATH_SETTING,)

        @classmethod
        def config_classes(cls) -> list[type[Any]]:
            return [SourceConfig]

        def _validate_config(self, *, raise_errors: bool = True) -> NoReturn:
            del raise_errors
            raise ConfigError(
                f"setting `{PATH_SETTING}` is missing; add the path of the .py file that holds "
                "your source"
            )

    TapWithoutSource.__doc__ = DESCRIPTION
    return TapWithoutSource


def main() -> NoReturn:
    """Run the command."""
    exit_with(run_main(make_tap, sys.argv[1:], NAME))

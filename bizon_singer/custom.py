"""tap-bizon: a source file of the user, or a source found by its name, as a tap.

Which source it is, the settings say (``source_file_path``, or else ``name``), so it has to be known
before they can be checked: ``--config`` is read here to find it, and its texts are handed on to the
tap.
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
from bizon_singer.named_source import find_named_source
from bizon_singer.references import resolve_references
from bizon_singer.source.config import SourceConfig

if TYPE_CHECKING:
    from bizon_singer.tap import SourceTap

NAME = "tap-bizon"
DESCRIPTION = (
    "Runs a source file of your own, written for Bizon or for this package, or a source of the "
    "package bizon by its name, as a tap."
)
PATH_SETTING = "source_file_path"
NAME_SETTING = "name"
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


def find_settings(arguments: Sequence[str], texts: Mapping[str, str]) -> dict[str, str]:
    """Return the settings on a command line that say which source it is.

    Args:
        arguments: The command line.
        texts: Texts of the config files on it.

    Raises:
        ConfigError: A config file holds no object, or one of them is no string.
    """
    config: dict[str, Any] = {}
    for path, text in texts.items():
        config |= parse_config(path, text)
    if ENVIRONMENT in config_arguments(arguments):
        by_name = {NAME_SETTING: {"type": "string"}}
        config |= read_environment({"properties": {**SETTINGS, **by_name}}, PREFIX)
    found = {}
    for setting, what in ((PATH_SETTING, "path of a .py file"), (NAME_SETTING, "name of a source")):
        value = resolve_references(config.get(setting), setting)
        if value is not None and not isinstance(value, str):
            raise ConfigError(f"setting `{setting}` must be a string; give the {what}")
        if value:
            found[setting] = value
    return found


def make_tap(arguments: Sequence[str]) -> type[SourceTap]:
    """Return the tap class for a command line.

    Raises:
        ConfigError: A config file cannot be read.
        SourceFileError: The source cannot be found or loaded, or is none.
    """
    if ASKS_FOR_NOTHING & set(arguments):
        return _tap_without_source({})
    texts = read_config_texts(arguments)
    found = find_settings(arguments, texts)
    if PATH_SETTING in found:
        tap = tap_of_file(found[PATH_SETTING])
        tap.needed_settings = (PATH_SETTING,)
    elif NAME_SETTING in found:
        tap = tap_of_name(found[NAME_SETTING])
    else:
        return _tap_without_source(texts)
    tap.config_texts = texts
    return tap


def tap_of_name(name: str) -> type[SourceTap]:
    """Return a tap over the sources a name stands for: Bizon's ``hubspot``, ``module:Class``.

    Raises:
        SourceFileError: There is none, or it cannot be imported.
    """
    from bizon_singer.tap import tap_for  # noqa: PLC0415 - after stdout is claimed

    sources = find_named_source(name)
    return tap_for(NAME, sources, description=DESCRIPTION, extra_settings=SETTINGS)


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
                f"your source, or name a source of the package bizon in `{NAME_SETTING}`"
            )

    TapWithoutSource.__doc__ = DESCRIPTION
    return TapWithoutSource


def main() -> NoReturn:
    """Run the command."""
    exit_with(run_main(make_tap, sys.argv[1:], NAME))

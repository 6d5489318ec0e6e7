"""tap-bizon: a source file of the user as a tap.

The file is named by the setting ``source_file_path``, so it has to be known before the settings
can be checked: ``--config`` is read once here to find it, and again by the tap.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from bizon_singer.cli import exit_with
from bizon_singer.cli import main as run_main
from bizon_singer.config_file import ENVIRONMENT, read_config_file, resolve_references
from bizon_singer.errors import ConfigError
from bizon_singer.loader import find_sources, load_source_file

NAME = "tap-bizon"
DESCRIPTION = "Runs a source file of your own, written for Bizon or for this package, as a tap."
PATH_SETTING = "source_file_path"
PATH_VARIABLE = "TAP_BIZON_SOURCE_FILE_PATH"
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


def source_file_path(arguments: Sequence[str]) -> str | None:
    """Return the path of the source file a command line leads to, None if it names none.

    Raises:
        ConfigError: A config file cannot be read, or the path is no string.
    """
    config: dict[str, Any] = {}
    for path in config_arguments(arguments):
        if path == ENVIRONMENT:
            if PATH_VARIABLE in os.environ:
                config[PATH_SETTING] = os.environ[PATH_VARIABLE]
        else:
            config |= read_config_file(path)
    value = resolve_references(config.get(PATH_SETTING), PATH_SETTING)
    if value is not None and not isinstance(value, str):
        raise ConfigError(f"setting `{PATH_SETTING}` is no string; give the path of a .py file")
    return value


def make_tap(arguments: Sequence[str]) -> Any:
    """Return the tap class for a command line.

    Raises:
        ConfigError: No source file is named, and one is needed.
        SourceFileError: The file cannot be loaded or holds no source.
    """
    from bizon_singer.tap import SourceTap, tap_for  # noqa: PLC0415 - after stdout is claimed

    path = source_file_path(arguments)
    if path is None:
        if {"--about", "--help", "--version"} & set(arguments):
            return type(
                "TapBizon",
                (SourceTap,),
                {
                    "__doc__": DESCRIPTION,
                    "name": NAME,
                    "config_jsonschema": {
                        "type": "object",
                        "properties": dict(SETTINGS),
                        "required": [PATH_SETTING],
                    },
                },
            )
        raise ConfigError(
            f"setting `{PATH_SETTING}` is missing; add the path of the .py file that holds your "
            "source"
        )
    sources = find_sources(load_source_file(path), path)
    return tap_for(NAME, sources, description=DESCRIPTION, extra_settings=SETTINGS)


def main() -> NoReturn:
    """Run the command."""
    exit_with(run_main(make_tap, sys.argv[1:]))

"""The command line of a tap: the Singer SDK's, with inputs that explain themselves.

The SDK reports an unreadable config, state or catalog by a traceback; here each is read by code
that names the file and what to do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import IO, Any

import click
from singer_sdk import Tap

from bizon_singer.config_file import ENVIRONMENT, read_config_file
from bizon_singer.errors import BizonSingerError, CatalogError, StateError


@dataclass
class ConfigInput:
    """What ``--config`` gave: settings of files, and whether the environment is read as well."""

    config: dict[str, Any] = field(default_factory=dict)
    parse_env: bool = False


class TapCommand(Tap):
    """A tap whose command reads its inputs with care."""

    @classmethod
    def cb_config(cls, ctx: Any, param: Any, value: tuple[str, ...]) -> ConfigInput:  # type: ignore[override]
        """Read the files ``--config`` names; ``ENV`` stands for the environment."""
        del ctx, param
        result = ConfigInput()
        for path in value:
            if path == ENVIRONMENT:
                result.parse_env = True
            else:
                result.config |= read_config_file(path)
        return result

    @classmethod
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap for the command line."""
        if about:
            cls.print_about(about_format)
            return
        given = config or ConfigInput()
        tap = cls(
            config=given.config,
            state=_read_json(state, StateError, "state"),
            catalog=_read_json(catalog, CatalogError, "catalog"),
            parse_env_config=given.parse_env,
        )
        tap.sync_all()

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, which also takes the catalog as ``--properties``."""
        command = super().get_singer_command()
        for option in command.params:
            if option.name == "catalog":
                option.opts.append("--properties")
        return command


def _read_json(file: IO[str] | None, error_class: type[BizonSingerError], what: str) -> Any:
    if file is None:
        return None
    try:
        text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise error_class(f"the {what} file cannot be read as UTF-8 text; mend it") from error
    if not text.strip():
        raise error_class(f"the {what} file is empty; leave out --{what} if there is none")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise error_class(
            f"the {what} file is no valid JSON (is it cut off?); restore it or leave out --{what}"
        ) from error

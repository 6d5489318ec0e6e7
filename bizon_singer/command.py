"""The command line of a tap: the Singer SDK's, with inputs that explain themselves.

The SDK reports an unreadable config, state or catalog by a traceback; here each is read by code
that names the file and what to do.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Any, ClassVar

import click
from singer_sdk.about import AboutFormatter
from singer_sdk.exceptions import MappingError
from singer_sdk.tap_base import CliTestOptionValue, Tap

from bizon_singer.config_file import (
    ENVIRONMENT,
    RepeatedKeyError,
    parse_config,
    read_config_text,
    unique,
)
from bizon_singer.errors import BizonSingerError, CatalogError, ConfigError, StateError
from bizon_singer.redact import one_line

AS_TEXT = "text"
"""What the SDK calls the form of ``--about`` that is for a person."""


@dataclass
class ConfigInput:
    """What ``--config`` gave: settings of files, and whether the environment is read as well."""

    config: dict[str, Any] = field(default_factory=dict)
    parse_env: bool = False


class TapCommand(Tap):
    """A tap whose command reads its inputs with care."""

    config_texts: ClassVar[Mapping[str, str]] = {}
    """Config files already read, by path: a pipe (``<(…)``) can be read only once."""

    @classmethod
    def cb_config(cls, ctx: Any, param: Any, value: tuple[str, ...]) -> ConfigInput:  # type: ignore[override]
        """Read the files ``--config`` names; ``ENV`` stands for the environment."""
        del ctx, param
        result = ConfigInput()
        for path in value:
            if path == ENVIRONMENT:
                result.parse_env = True
            else:
                text = cls.config_texts.get(path) or read_config_text(path)
                result.config |= parse_config(path, text)
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
        discover: bool = False,
        test: str = CliTestOptionValue.Disabled.value,
    ) -> None:
        """Run the tap for the command line."""
        if about:
            cls.print_about(about_format)
            return
        given = config or ConfigInput()
        if discover:
            cls._for_discovery(given).run_discovery()
            return
        is_trial = test != CliTestOptionValue.Disabled.value
        tap = cls(
            config=given.config,
            state=None if is_trial else _read_json(state, StateError, "state"),
            catalog=None if is_trial else _read_json(catalog, CatalogError, "catalog"),
            parse_env_config=given.parse_env,
        )
        if test == CliTestOptionValue.Schema.value:
            tap.write_schemas()
            return
        if is_trial:
            tap.try_one_record()
        tap.sync_all()

    @classmethod
    def print_about(cls, output_format: str | None = None) -> None:
        """Print what the tap is; in text form, each setting with its description."""
        if output_format not in {None, AS_TEXT}:
            super().print_about(output_format)
            return
        info = cls._get_about_info()
        settings = info.settings.get("properties", {})
        readable = {name: _for_a_person(setting) for name, setting in settings.items()}
        info = replace(info, settings={**info.settings, "properties": readable})
        sys.stdout.write(f"{AboutFormatter.get_formatter(AS_TEXT).format_about(info)}\n")

    def setup_mapper(self) -> None:
        """Read the stream maps; one the SDK cannot read is a mistake in a setting.

        Raises:
            ConfigError: It is.
        """
        try:
            super().setup_mapper()
        except MappingError as error:
            text = one_line(str(error)).rstrip(".")
            raise ConfigError(f"setting `stream_maps` is refused: {text}; mend it") from error

    def try_one_record(self) -> None:
        """Let the next run read one record of every stream that can be read, and no more.

        The SDK has ``run_connection_test`` for it, which ends at the first failing stream.
        """
        for stream in self.streams.values():
            stream.ABORT_AT_RECORD_COUNT = 1
            stream.selected = True

    @classmethod
    def _for_discovery(cls, given: ConfigInput) -> Tap:
        """Return a tap that lists its streams; it needs no complete config if they are static."""
        return cls(
            config=given.config,
            parse_env_config=given.parse_env,
            validate_config=cls.dynamic_catalog,
            setup_mapper=False,
        )

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, which also takes the catalog as ``--properties``.

        The SDK discovers and tests while the command line is still being read, so that what
        follows goes unchecked; here both wait until all of it is understood.
        """
        command = super().get_singer_command()
        command.help = (cls.__doc__ or "").strip().partition("\n")[0]
        for option in command.params:
            if option.name == "catalog":
                option.opts.append("--properties")
            elif option.name in {"discover", "test"}:
                option.callback = None
                option.expose_value = True
            if option.name == "test":
                option.type = click.Choice([value.value for value in CliTestOptionValue])
        return command


def _for_a_person(setting: Mapping[str, Any]) -> dict[str, Any]:
    """Return a setting whose type is what the SDK should print of it.

    The SDK's text shows of a setting its type alone, as Python writes it; so its description goes
    along there, on a line of its own.
    """
    declared = setting.get("type", [])
    text = " or ".join([declared] if isinstance(declared, str) else declared)
    if "description" in setting:
        text += f"\n    Description: {one_line(setting['description'])}"
    return {**setting, "type": text}


def _read_json(file: IO[str] | None, error_class: type[BizonSingerError], what: str) -> Any:
    if file is None:
        return None
    name = f"the {what} file {getattr(file, 'name', '')!r}"
    remedy = f"restore it or leave out --{what}"
    try:
        text = file.read().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise error_class(f"{name} is no UTF-8 text; {remedy}") from error
    except OSError as error:
        raise error_class(f"{name} cannot be read ({error.strerror}); {remedy}") from error
    if not text.strip():
        raise error_class(f"{name} is empty; leave out --{what} if there is none")
    try:
        value = json.loads(text, object_pairs_hook=unique)
    except RepeatedKeyError as error:
        raise error_class(f"{name} has the key {error.key} twice; {remedy}") from error
    except (ValueError, RecursionError) as error:
        if getattr(error, "msg", None) == "Extra data":
            raise error_class(f"{name} holds several JSON texts; keep the last line") from error
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise error_class(f"{name} is no valid JSON{line}, it may be cut off; {remedy}") from error
    if value is None:
        raise error_class(f"{name} holds null, no object; {remedy}")
    try:
        copy.deepcopy(value)
    except RecursionError as error:
        raise error_class(f"{name} is nested too deep to be a {what}; {remedy}") from error
    return value

"""Reads the config a user points to: JSON or YAML files, the environment, a Bizon pipeline file.

Every mistake ends in one sentence that names the file and what to do; a value is never shown.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bizon_singer.errors import ConfigError

ENVIRONMENT = "ENV"
TRUE_WORDS = frozenset({"true", "1", "yes", "on"})
FALSE_WORDS = frozenset({"false", "0", "no", "off", ""})
_INLINE = re.compile(r"\$\{env://([^}]+)\}")
_WHOLE = "env://"
_LEGACY = "BIZON_ENV_"
_GOOGLE_SECRET_MANAGER = "gsm://"  # noqa: S105 - a scheme, no secret

logger = logging.getLogger("bizon_singer.config")


def read_config_file(path: str) -> dict[str, Any]:
    """Return the settings in one file.

    A file with a ``source:`` object is a Bizon pipeline: its source is used, the rest is ignored
    with one line that names it.

    Raises:
        ConfigError: The file cannot be read or holds no object.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"config file {path!r} cannot be read ({error.strerror}); pass the path of a JSON file"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"config file {path!r} is no UTF-8 text; save it as UTF-8") from error
    if not text.strip():
        raise ConfigError(f"config file {path!r} is empty; write at least {{}}")
    config = _parse_yaml(path, text) if _is_yaml(path) else _parse_json(path, text)
    if not isinstance(config, dict):
        raise ConfigError(f"config file {path!r} holds no object; write settings as {{…}}")
    return _source_of_pipeline(path, config)


def _is_yaml(path: str) -> bool:
    return path.endswith((".yml", ".yaml"))


def _parse_json(path: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigError(f"config file {path!r} is no valid JSON{where}; mend it") from error


def _parse_yaml(path: str, text: str) -> Any:
    import yaml  # noqa: PLC0415 - only those who write YAML pay for its import

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise ConfigError(f"config file {path!r} is no valid YAML{where}; mend it") from error


def _source_of_pipeline(path: str, config: dict[str, Any]) -> dict[str, Any]:
    source = config.get("source")
    if not isinstance(source, dict) or not ({"name", "stream"} & source.keys()):
        return config
    ignored = sorted(key for key in config if key not in {"source", "name", "id"})
    if ignored:
        logger.info(
            "%s is a Bizon pipeline; its source is used, these sections are ignored: %s.",
            path,
            ", ".join(ignored),
        )
    return dict(source)


def resolve_references(value: Any, place: str = "") -> Any:
    """Replace ``env://VAR``, ``${env://VAR}`` and ``BIZON_ENV_VAR`` by environment variables.

    Raises:
        ConfigError: A variable is not set, or the reference needs a secret manager.
    """
    if isinstance(value, dict):
        return {
            key: resolve_references(item, f"{place}.{key}" if place else str(key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [resolve_references(item, place) for item in value]
    if not isinstance(value, str):
        return value
    if value.startswith(_WHOLE):
        return _variable(value[len(_WHOLE) :], place)
    if value.startswith(_LEGACY):
        return _variable(value, place)
    if value.startswith(_GOOGLE_SECRET_MANAGER):
        raise ConfigError(
            f"setting `{place}` refers to Google Secret Manager, which is not supported; pass the "
            "secret in an environment variable as env://NAME"
        )
    return _INLINE.sub(lambda match: _variable(match[1], place), value)


def _variable(name: str, place: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise ConfigError(
            f"setting `{place}` refers to the environment variable {name[:80]}, which is not set; "
            "set it"
        )
    return value


def read_environment(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the settings given as environment variables (``--config ENV``).

    Args:
        schema: JSON Schema of the settings; the type of each says how its text is read.
        prefix: Such as ``TAP_DUMMY_``; the setting ``count`` is then ``TAP_DUMMY_COUNT``.

    A ``.env`` file in this folder or above is read first, as the Singer SDK does.

    Raises:
        ConfigError: A variable's text is not what the setting needs.
    """
    from dotenv import find_dotenv, load_dotenv  # noqa: PLC0415 - only for --config ENV

    load_dotenv(find_dotenv(usecwd=True))
    config: dict[str, Any] = {}
    for name, setting in schema.get("properties", {}).items():
        variable = prefix + name.upper().replace("-", "_").replace(".", "_")
        if variable in os.environ:
            declared = setting.get("type", "string")
            types = {declared} if isinstance(declared, str) else set(declared)
            config[name] = _typed(os.environ[variable], types - {"null"}, variable)
    return config


def _typed(text: str, types: Iterable[str], variable: str) -> Any:
    kinds = set(types)
    if kinds == {"boolean"} and text.lower() in TRUE_WORDS | FALSE_WORDS:
        return text.lower() in TRUE_WORDS
    if not kinds or "string" in kinds:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError(
            f"environment variable {variable} must hold {' or '.join(sorted(kinds))} as JSON; "
            "mend it"
        ) from error

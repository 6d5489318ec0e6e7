"""Reads the config a user points to: JSON or YAML files, the environment, a Bizon pipeline file.

Every mistake ends in one sentence that names the file and what to do; a value is never shown.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bizon_singer.errors import ConfigError
from bizon_singer.references import in_project, read_dotenv

ENVIRONMENT = "ENV"
TRUE_WORDS = frozenset({"true", "1", "yes", "on"})
MAX_DEPTH = 50
SHOWN_CHARACTERS = 80
PIPELINE_SECTIONS = frozenset(
    {"alerting", "destination", "engine", "id", "monitoring", "name", "secrets", "source"}
    | {"streams", "transforms"}
)
"""What a Bizon pipeline may have at its top level; it allows nothing else there."""
USED_SECTIONS = frozenset({"id", "name", "source", "streams"})
FALSE_WORDS = frozenset({"false", "0", "no", "off", ""})
_ARTICLES = {
    "array": "a list",
    "integer": "an integer",
    "number": "a number",
    "object": "an object",
}

logger = logging.getLogger("bizon_singer.config")


def read_config_file(path: str) -> dict[str, Any]:
    """Return the settings in one file.

    A file with a ``source:`` object is a Bizon pipeline: its source is used, the rest is ignored
    with one line that names it.

    Raises:
        ConfigError: The file cannot be read or holds no object.
    """
    return parse_config(path, read_config_text(path))


def read_config_text(path: str) -> str:
    """Return the text of a config file.

    Raises:
        ConfigError: It cannot be read, is no text, or is empty.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise ConfigError(f"config file {path!r} is no UTF-8 text; save it as UTF-8") from error
        reason = getattr(error, "strerror", None) or "no such path"
        raise ConfigError(
            f"config file {path!r} cannot be read ({reason}); pass the path of a JSON or YAML file"
        ) from error
    if not text.strip():
        raise ConfigError(f"config file {path!r} is empty; write at least {{}}")
    return text


def parse_config(path: str, text: str) -> dict[str, Any]:
    """Return the settings in the text of a config file; see :func:`read_config_file`.

    Raises:
        ConfigError: The text holds no object.
    """
    config = _parse_yaml(path, text) if _is_yaml(path) else _parse_json(path, text)
    if not isinstance(config, dict):
        raise ConfigError(f"config file {path!r} holds no object; write settings as {{…}}")
    if _depth(config) > MAX_DEPTH:
        raise ConfigError(
            f"config file {path!r} is nested deeper than {MAX_DEPTH} levels; flatten it"
        )
    return _source_of_pipeline(path, config)


class RepeatedKeyError(ValueError):
    """An object has the same key twice: one of the two values would be lost without a word.

    Attributes:
        key: The key, as it is shown.
    """

    def __init__(self, key: Any) -> None:
        """Keep the key."""
        super().__init__()
        self.key = repr(str(key)[:SHOWN_CHARACTERS])


def unique(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Return the object of some keys and values, as ``object_pairs_hook`` of ``json.loads``.

    Raises:
        RepeatedKeyError: A key stands in it twice.
    """
    found: dict[Any, Any] = {}
    for key, value in pairs:
        if key in found:
            raise RepeatedKeyError(key)
        found[key] = value
    return found


def _is_yaml(path: str) -> bool:
    return path.lower().endswith((".yml", ".yaml"))


def _parse_json(path: str, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=unique)
    except RepeatedKeyError as error:
        raise _repeated(path, error) from error
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        yaml = (
            "" if text.lstrip().startswith(("{", "[")) else ", or name the file .yml if it is YAML"
        )
        raise ConfigError(f"config file {path!r} is no valid JSON{where}; mend it{yaml}") from error


def _repeated(path: str, error: RepeatedKeyError) -> ConfigError:
    return ConfigError(f"config file {path!r} has the key {error.key} twice; keep one")


def _parse_yaml(path: str, text: str) -> Any:
    import yaml  # noqa: PLC0415 - only those who write YAML pay for its import

    class Loader(yaml.SafeLoader):
        """Leaves dates as text, as they are in JSON: the settings' classes read them."""

        def compose_mapping_node(self, anchor: Any) -> Any:
            node = super().compose_mapping_node(anchor)
            keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            unique((key.value, None) for key in keys if key.tag != "tag:yaml.org,2002:merge")
            return node

        yaml_implicit_resolvers = {  # noqa: RUF012 - as in the class above it
            first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
            for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    try:
        return yaml.load(text, Loader)  # noqa: S506, TID251 - it is a SafeLoader
    except RepeatedKeyError as error:
        raise _repeated(path, error) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise ConfigError(f"config file {path!r} is no valid YAML{where}; mend it") from error


def _depth(config: Any) -> int:
    """Return how deep a config is nested, without recursion; YAML may even refer to itself."""
    depth, level = 0, [config]
    while level and depth <= MAX_DEPTH:
        depth += 1
        inside = [
            item
            for value in level
            if isinstance(value, (dict, list))
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        level = list({id(item): item for item in inside}.values())
    return depth


def _source_of_pipeline(path: str, config: dict[str, Any]) -> dict[str, Any]:
    source = config.get("source")
    if not isinstance(source, dict) or config.keys() - PIPELINE_SECTIONS:
        return config
    if not {"name", "stream", "source_file_path"} & source.keys():
        return config
    project = _path_of(config, "secrets", "gsm", "project_id")
    used = USED_SECTIONS | ({"secrets"} if project is not None else set())
    ignored = sorted(config.keys() - used)
    if ignored:
        logger.info(
            "%s is a Bizon pipeline; its source is used, these sections are ignored: %s.",
            path,
            ", ".join(ignored),
        )
    if config.get("streams"):
        source = {**source, "streams": config["streams"]}
    return dict(source) if project is None else in_project(source, project)


def _path_of(value: Any, *steps: str) -> Any:
    """Return what stands at a path of keys, None if nothing does."""
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def read_environment(
    schema: Mapping[str, Any], prefix: str, given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the settings given as environment variables (``--config ENV``).

    A setting within an object has a variable of its own, as Meltano spells it:
    ``authentication.params.token`` is ``TAP_DUMMY_AUTHENTICATION_PARAMS_TOKEN``. It goes into the
    object a file gives. JSON for the whole object, in ``TAP_DUMMY_AUTHENTICATION``, takes the place
    of a file's object and goes before the variables within it.

    Args:
        schema: JSON Schema of the settings; the type of each says how its text is read.
        prefix: Such as ``TAP_DUMMY_``; the setting ``count`` is then ``TAP_DUMMY_COUNT``.
        given: Settings of config files.

    A ``.env`` file in this folder or above is read first, as the Singer SDK does.

    Raises:
        ConfigError: A variable's text is not what the setting needs.
    """
    read_dotenv()
    config = _variables(schema, prefix, frozenset())
    for name, value in config.items():
        present = (given or {}).get(name)
        both = isinstance(present, Mapping) and isinstance(value, Mapping)
        if both and prefix + _in_capitals(name) not in os.environ:
            config[name] = merged(present, value)  # type: ignore[arg-type]
    return config


def _variables(schema: Mapping[str, Any], prefix: str, nearer: frozenset[str]) -> dict[str, Any]:
    """Return what variables give of an object's settings.

    Args:
        schema: JSON Schema of the object.
        prefix: What the names of its variables begin with.
        nearer: Variables that are those of settings nearer to the top.
    """
    config: dict[str, Any] = {}
    own = {name: prefix + _in_capitals(name) for name in schema.get("properties", {})}
    for name, variable in own.items():
        setting = schema["properties"][name]
        within = _variables(setting, f"{variable}_", nearer | frozenset(own.values()))
        if within:
            config[name] = within
        if variable in os.environ and variable not in nearer:
            declared = setting.get("type", "string")
            types = {declared} if isinstance(declared, str) else set(declared)
            value = _typed(os.environ[variable], types - {"null"}, variable)
            config[name] = merged(within, value) if isinstance(value, Mapping) else value
    return config


def _in_capitals(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def merged(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config with values replaced by others, objects joined at every depth."""
    joined = dict(base)
    for key, value in overrides.items():
        present = joined.get(key)
        both = isinstance(present, Mapping) and isinstance(value, Mapping)
        joined[key] = merged(present, value) if both else value  # type: ignore[arg-type]
    return joined


def _typed(text: str, types: Iterable[str], variable: str) -> Any:
    kinds = set(types)
    if "boolean" in kinds and text.lower() in TRUE_WORDS | FALSE_WORDS:
        return text.lower() in TRUE_WORDS
    if not kinds or "string" in kinds:
        return text
    if kinds == {"boolean"}:
        raise ConfigError(f"environment variable {variable} must be true or false; mend it")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        what = " or ".join(_ARTICLES.get(kind, kind) for kind in sorted(kinds))
        raise ConfigError(
            f"environment variable {variable} must hold {what}, written as JSON; mend it"
        ) from error

"""References in a config, as Bizon resolves them: to the environment and to secret managers.

===========================  ================================================================
``env://NAME``               the environment variable; the whole value
``BIZON_ENV_NAME``           the environment variable of that name; the whole value
``gsm://NAME``               a secret of Google Secret Manager, its latest version
``gsm://NAME/versions/3``    another version of it
``gsm://projects/…``         a version by its full name
``x ${env://NAME} y``        any of them within a text
===========================  ================================================================

Variables are also read from a ``.env`` file in this folder or above, after the environment. What a
reference leads to is not looked into again. A whole value of an unknown scheme is some address.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

from bizon_singer.errors import ConfigError
from bizon_singer.redact import excerpt
from bizon_singer.secret_manager import full_name, read_secret

_INLINE = re.compile(r"\$\{\s*([a-z0-9_]+)://([^}]*?)\s*\}")
_WHOLE = re.compile(r"\s*(env|gsm)://(.*?)\s*", re.DOTALL)
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_LEGACY = "BIZON_ENV_"


def resolve_references(value: Any, place: str = "") -> Any:
    """Replace every reference in a value by what it leads to.

    Raises:
        ConfigError: It leads nowhere.
        CredentialsError: A secret manager does not give the secret to whoever runs this.
        TransientError: It does not answer.
    """
    return _replaced(value, place, _resolved)


def in_project(value: dict[str, Any], project: Any) -> dict[str, Any]:
    """Return a config whose secrets are called by their full names, in a project.

    Args:
        value: A config.
        project: Name of the project that has them; it may be a reference itself.

    Raises:
        ConfigError: The project is no name.
    """
    place = "secrets.gsm.project_id"
    name = resolve_references(project, place)
    if not isinstance(name, str):
        raise ConfigError(f"setting `{place}` must be a string; give the id of a project")

    def renamed(scheme: str, path: str, place: str) -> str:
        if scheme != "gsm":
            return f"{scheme}://{path}"
        return f"gsm://{full_name(path, place, name)}"

    def replaced(scheme: str, path: str, place: str) -> str:
        return f"${{{renamed(scheme, path, place)}}}"

    result: dict[str, Any] = _replaced(value, "", renamed, within=replaced)
    return result


_Replace = Callable[[str, str, str], str]


def _replaced(value: Any, place: str, replace: _Replace, *, within: _Replace | None = None) -> Any:
    """Return a value with its references replaced, at any depth.

    Args:
        value: Any part of a config.
        place: Where it stands.
        replace: Gives what takes the place of a reference, by scheme, path and place.
        within: The same for a reference within a text; like ``replace`` if None.
    """
    if isinstance(value, dict):
        return {
            key: _replaced(item, f"{place}.{key}" if place else str(key), replace, within=within)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _replaced(item, f"{place}.{position}", replace, within=within)
            for position, item in enumerate(value)
        ]
    if not isinstance(value, str):
        return value
    whole = _WHOLE.fullmatch(value)
    if whole:
        return replace(whole[1], whole[2], place)
    if value.startswith(_LEGACY):
        return replace("env", value, place)
    inner = within or replace
    return _INLINE.sub(lambda match: inner(match[1], match[2], place), value)


def _resolved(scheme: str, path: str, place: str) -> str:
    if scheme == "env":
        return _variable(path, place)
    if scheme == "gsm":
        return read_secret(path, place)
    raise ConfigError(
        f"setting `{place}` has a reference of the scheme {excerpt(scheme, 20)!r}, which is not "
        "known; write ${env://NAME} or ${gsm://NAME}"
    )


def _variable(name: str, place: str) -> str:
    if not _VARIABLE_NAME.fullmatch(name):  # it may be the secret itself, and is not shown
        raise ConfigError(
            f"setting `{place}` refers to an environment variable by something that is no name of "
            "one; write env://NAME with letters, digits and _"
        )
    if name not in os.environ:
        read_dotenv()
    value = os.environ.get(name)
    if value is None:
        raise ConfigError(
            f"setting `{place}` refers to the environment variable {excerpt(name, 80)}, which is "
            "not set; set it, or write it into a .env file"
        )
    return value


def read_dotenv() -> None:
    """Read the ``.env`` file of this folder or the nearest above it, if there is one.

    Variables that are set keep their values.
    """
    from dotenv import find_dotenv, load_dotenv  # noqa: PLC0415 - few configs need it

    load_dotenv(find_dotenv(usecwd=True))

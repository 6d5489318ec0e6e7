"""Secrets of Google Secret Manager, for ``gsm://`` references.

Its client is an extra and imported when a config has such a reference. Who asks is decided by
Google's Application Default Credentials, as in Bizon.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from bizon_singer.errors import BizonSingerError, ConfigError, CredentialsError, TransientError
from bizon_singer.redact import redact

_NAME = re.compile(r"(?P<secret>[A-Za-z0-9_-]{1,255})(?:/versions/(?P<version>[A-Za-z0-9_-]+))?")
_FULL_NAME = re.compile(r"projects/[A-Za-z0-9:._-]+/secrets/[A-Za-z0-9_-]+/versions/[A-Za-z0-9_-]+")
_REFUSED = frozenset({401, 403})
_WRONG = frozenset({400, 404, 412})


def full_name(path: str, place: str, project: str) -> str:
    """Return what the manager calls a version of a secret.

    Args:
        path: Name of the secret, with or without its version, or a full name already.
        place: The setting it stands in, for messages.
        project: The project that has it.

    Raises:
        ConfigError: It is no name of a secret.
    """
    if _FULL_NAME.fullmatch(path):
        return path
    match = _NAME.fullmatch(path)
    if match is None:  # it may be the secret itself, and is not shown
        raise ConfigError(
            f"setting `{place}` refers to Google Secret Manager by something that is no name of a "
            "secret; write gsm://NAME, gsm://NAME/versions/3, or the full gsm://projects/…"
        )
    return f"projects/{project}/secrets/{match['secret']}/versions/{match['version'] or 'latest'}"


def read_secret(path: str, place: str) -> str:
    """Return the text of a secret, which is never shown again.

    Args:
        path: What follows ``gsm://``.
        place: The setting it stands in, for messages.

    Raises:
        ConfigError: There is no such secret, or the client is not installed.
        CredentialsError: Whoever runs this may not read it.
        TransientError: The manager does not answer.
    """
    name = path if _FULL_NAME.fullmatch(path) else full_name(path, place, _own_project(place))
    try:
        text = _read(name)
    except BizonSingerError:
        raise
    except Exception as error:
        raise _failure(error, name, place) from error
    redact.register(text)
    return text


@cache
def _read(name: str) -> str:
    text: str = _client().access_secret_version(name=name).payload.data.decode()
    return text


@cache
def _client() -> Any:
    from google.cloud import secretmanager  # noqa: PLC0415 - an extra

    return secretmanager.SecretManagerServiceClient()


def _own_project(place: str) -> str:
    """Return the project of whoever runs this."""
    try:
        import google.auth  # noqa: PLC0415 - an extra

        _, project = google.auth.default()
    except Exception as error:
        raise _failure(error, None, place) from error
    if not project:
        raise ConfigError(
            f"setting `{place}` refers to a secret of Google Secret Manager without its project; "
            "set the environment variable GOOGLE_CLOUD_PROJECT, or write gsm://projects/…"
        )
    return str(project)


def _failure(error: Exception, name: str | None, place: str) -> BizonSingerError:
    """Return what keeps a secret from being read, as an error that says what to do."""
    where = f"setting `{place}` refers to Google Secret Manager"
    secret = f"{where}, which" if name is None else f"{where}, where {name!r}"
    status = getattr(error, "code", None)
    if isinstance(error, ImportError):
        return ConfigError(
            f"{where}, whose client is not installed; install it with "
            "pip install 'bizon-singer[secretmanager]'"
        )
    if type(error).__name__ == "DefaultCredentialsError" or status in _REFUSED:
        return CredentialsError(
            f"{secret} may not be read by whoever runs this; give them the role Secret Manager "
            "Secret Accessor, and set GOOGLE_APPLICATION_CREDENTIALS where there is no other login"
        )
    if isinstance(error, UnicodeDecodeError) or status in _WRONG:
        return ConfigError(f"{secret} is no secret with a text; create it, or mend its name")
    return TransientError(f"{secret} could not be read ({type(error).__name__}); run again later")

"""What the environment says about HTTP: proxies and certificate authorities, never credentials."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from requests.utils import get_environ_proxies

from bizon_singer.errors import ConfigError
from bizon_singer.source.origin import is_loopback, origin_of

CA_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def proxies_for(url: str) -> dict[str, str]:
    """Return the proxies to use for a URL, by ``HTTPS_PROXY``, ``NO_PROXY`` and the like.

    This machine is called directly: behind a proxy, "this machine" would be another one.
    """
    return {} if is_loopback(origin_of(url)[1]) else dict(get_environ_proxies(url))


def ca_bundle(verify: Any) -> str | bool:
    """Return the certificate authorities to trust: a file, or True for those of certifi.

    There is no way to switch the check off: ``verify=False`` is taken as True, for whoever answers
    in place of the API would be sent the credentials.

    Args:
        verify: What a request or session of requests has under this name.

    Raises:
        ConfigError: The file does not exist.
    """
    named = {name: os.environ[name] for name in CA_BUNDLE_VARIABLES if os.environ.get(name)}
    if isinstance(verify, (str, Path)):
        named = {"the session's `verify`": str(verify)}
    for name, path in named.items():
        if not Path(path).exists():
            raise ConfigError(f"the certificate file that {name} names does not exist; correct it")
        return path
    return True

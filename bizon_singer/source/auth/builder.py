"""Builds the authenticator a source puts on its session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bizon_singer.source.auth.authenticators.basic import (
    BasicHttpAuthenticator,
    BasicHttpAuthParams,
)
from bizon_singer.source.auth.authenticators.cookies import CookiesAuthenticator, CookiesAuthParams
from bizon_singer.source.auth.authenticators.oauth import Oauth2Authenticator, Oauth2AuthParams
from bizon_singer.source.auth.authenticators.token import TokenAuthenticator, TokenAuthParams

if TYPE_CHECKING:
    from requests.auth import AuthBase

    from bizon_singer.source.auth.config import AuthConfig


class AuthBuilder:
    """Makes authenticators from their parameters."""

    @staticmethod
    def token(params: TokenAuthParams) -> TokenAuthenticator:
        """Authenticate by a token in a header."""
        return TokenAuthenticator(params)

    @staticmethod
    def basic(params: BasicHttpAuthParams) -> BasicHttpAuthenticator:
        """Authenticate by user name and password."""
        return BasicHttpAuthenticator(params)

    @staticmethod
    def cookies(params: CookiesAuthParams) -> CookiesAuthenticator:
        """Authenticate by cookies."""
        return CookiesAuthenticator(params)

    @staticmethod
    def oauth2(params: Oauth2AuthParams) -> Oauth2Authenticator:
        """Authenticate by an OAuth 2 access token, refreshed when it expires."""
        return Oauth2Authenticator(params)

    @classmethod
    def from_config(cls, config: AuthConfig | None) -> AuthBase | None:
        """Build what an ``authentication`` setting asks for; None builds nothing.

        Bizon's documentation teaches this method; no release of Bizon has it.
        """
        if config is None:
            return None
        params = config.params
        if isinstance(params, Oauth2AuthParams):
            return cls.oauth2(params)
        if isinstance(params, BasicHttpAuthParams):
            return cls.basic(params)
        if isinstance(params, CookiesAuthParams):
            return cls.cookies(params)
        return cls.token(params)

"""Who may read what: service accounts, users of an app, their tokens and scopes.

A service account proves itself by a JWT it signs (RFC 7523); here the signature is verified with
the public key, by the library google-auth signs with and none of its own code.
"""

from __future__ import annotations

import base64
import itertools
import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.fakes.gsheets.refusal import of_sheets, of_token
from tests.fakes.http_server import Request

EMAIL = "reader@made-up-project.iam.gserviceaccount.com"
KEY_ID = "key-id-canary-0d8f4c1b"
CLIENT_ID = "client-2f1b.apps.googleusercontent.com"
CLIENT_SECRET = "client-secret-canary-4be7d3"
REFRESH_TOKEN = "1//refresh-canary-b9c05a77"
USER = "ada@example.com"
SHEETS = "https://www.googleapis.com/auth/spreadsheets.readonly"
DRIVE = "https://www.googleapis.com/auth/drive.metadata.readonly"
SHEETS_SCOPES = frozenset({SHEETS, "https://www.googleapis.com/auth/spreadsheets"})
DRIVE_SCOPES = frozenset({DRIVE, "https://www.googleapis.com/auth/drive.readonly"})
AUDIENCE = "https://oauth2.googleapis.com/token"
"""What google-auth makes a JWT out for, wherever it is sent."""
LIFE_SECONDS = 3600
LATE_SECONDS = 300


@cache
def private_key() -> rsa.RSAPrivateKey:
    """Return the key of the service account, made once for all tests of a process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def private_pem() -> str:
    """Return it as it stands in the file of a key."""
    form = serialization.PrivateFormat.PKCS8
    encoding = serialization.Encoding.PEM
    return private_key().private_bytes(encoding, form, serialization.NoEncryption()).decode()


@dataclass(frozen=True)
class Token:
    """An access token that was issued."""

    text: str
    holder: str
    scopes: frozenset[str]
    ends: float


@dataclass
class Access:
    """Accounts, their tokens, and what they are refused.

    Attributes:
        token_uri: Where tokens are had.
        denied: Scopes no token gets, whatever it asks for.
        life_seconds: How long a token lives.
        issued: What was issued, in order.
        is_known: Whether the key of the service account is one of its keys.
        off: Seconds the clock of the accounts is ahead.
    """

    token_uri: str
    denied: set[str] = field(default_factory=set)
    life_seconds: int = LIFE_SECONDS
    issued: list[Token] = field(default_factory=list)
    is_known: bool = True
    off: float = 0

    def __post_init__(self) -> None:
        """Have issued none."""
        self._numbers = itertools.count(1)
        self._live: dict[str, Token] = {}

    def key(self, **other: Any) -> dict[str, Any]:
        """Return the key of the service account, as its file has it."""
        return {
            "type": "service_account",
            "project_id": "made-up-project",
            "private_key_id": KEY_ID,
            "private_key": private_pem(),
            "client_email": EMAIL,
            "client_id": "1093",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": self.token_uri,
            "universe_domain": "googleapis.com",
            **other,
        }

    def revoke(self) -> None:
        """End the life of every token, now."""
        self._live.clear()

    def holder(self, request: Request, scopes: frozenset[str]) -> str:
        """Return whose token a request has.

        Raises:
            Refusal: It has none, an expired one, or one without any of the scopes.
        """
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        token = self._live.get(text) if scheme == "Bearer" else None
        if token is None or token.ends <= time.time() + self.off:
            raise of_sheets(401, "Request had invalid authentication credentials.")
        if not token.scopes & scopes:
            message = "Request had insufficient authentication scopes."
            raise of_sheets(403, message, "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
        return token.holder

    def issue(self, request: Request) -> dict[str, Any]:
        """Answer the token endpoint.

        Raises:
            Refusal: Whoever asks is not known, or asks for something else.
        """
        form = {name: values[-1] for name, values in request.form.items()}
        if request.query:
            raise of_token("invalid_request", "Nothing may stand in the query.")
        if form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            claims = self._claims(form.get("assertion", ""))
            return self.issue_to(claims["iss"], frozenset(str(claims.get("scope")).split()))
        if form.get("grant_type") == "refresh_token":
            wanted = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
            if {name: form.get(name) for name in wanted} != wanted:
                raise of_token("invalid_client", "The OAuth client was not found.")
            if form.get("refresh_token") != REFRESH_TOKEN:
                raise of_token("invalid_grant", "Token has been expired or revoked.")
            return self.issue_to(USER, frozenset({SHEETS, DRIVE}))
        raise of_token("unsupported_grant_type", "Invalid grant_type.")

    def issue_to(self, holder: str, scopes: frozenset[str]) -> dict[str, Any]:
        """Issue a token to somebody who has proved who it is."""
        text = f"ya29.access-canary-{next(self._numbers)}-51c7a9"
        ends = time.time() + self.off + self.life_seconds
        token = Token(text, holder, scopes - self.denied, ends)
        self._live[text] = token
        self.issued.append(token)
        return {"access_token": text, "expires_in": self.life_seconds, "token_type": "Bearer"}

    def _claims(self, assertion: str) -> dict[str, Any]:
        """Return what a JWT claims, once its signature and each claim are verified."""
        try:
            head, body, signature = assertion.split(".")
            header, claims = json.loads(_decoded(head)), json.loads(_decoded(body))
            private_key().public_key().verify(
                _decoded(signature),
                f"{head}.{body}".encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except (ValueError, InvalidSignature):
            raise of_token("invalid_grant", "Invalid JWT Signature.") from None
        now = time.time()
        if header.get("alg") != "RS256" or header.get("kid") != KEY_ID or not self.is_known:
            raise of_token("invalid_grant", "Invalid JWT Signature.")
        if claims.get("iss") != EMAIL or claims.get("aud") != AUDIENCE:
            raise of_token("invalid_grant", "Invalid JWT: the issuer or audience is wrong.")
        life = claims["exp"] - claims["iat"]
        if not 0 < life <= LIFE_SECONDS or abs(now - claims["iat"]) > LATE_SECONDS:
            raise of_token("invalid_grant", "Invalid JWT: it must be a short-lived token.")
        checked: dict[str, Any] = claims
        return checked


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""How the connection to the brokers is secured, as a user writes it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Protocol(StrEnum):
    """What is spoken with a broker."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"


class Mechanism(StrEnum):
    """How a client proves who it is."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"
    OAUTHBEARER = "OAUTHBEARER"


class Security(BaseModel):
    """Protocol, credentials and certificates."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)

    protocol: Protocol | None = Field(
        default=None,
        description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL; unset, as the other settings need "
        "it: with a user name SASL_SSL, or SASL_PLAINTEXT where all brokers are on this machine.",
    )
    mechanism: Mechanism | None = Field(
        default=None,
        description="PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; unset, PLAIN.",
    )
    username: str | None = Field(
        default=None, description="User name; with OAUTHBEARER the id of the client."
    )
    password: str | None = Field(
        default=None, repr=False, description="Password; with OAUTHBEARER the client's secret."
    )
    token_endpoint_url: str | None = Field(
        default=None,
        description="With OAUTHBEARER: where tokens are asked for (OpenID Connect).",
    )
    scope: str | None = Field(
        default=None, description="With OAUTHBEARER: scope of the tokens, if one is needed."
    )
    ca_location: str | None = Field(
        default=None, description="File of certificates that brokers' certificates are checked by."
    )
    certificate_location: str | None = Field(
        default=None, description="File of the client's own certificate."
    )
    key_location: str | None = Field(default=None, description="File of the client's own key.")
    key_password: str | None = Field(
        default=None, repr=False, description="Password of the client's own key."
    )

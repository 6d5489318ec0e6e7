"""Certificates of a broker and of a client, as files both sides can read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

KEY_PASSWORD = "the-key's own password"


@dataclass(frozen=True)
class Certificates:
    """Files in PEM form.

    Attributes:
        authority: Certificate of who signed both.
        broker: The broker's key with its certificate.
        client: A client's certificate.
        client_key: Its key, encrypted with ``KEY_PASSWORD``.
        stranger: Certificate of an authority that signed neither.
    """

    authority: Path
    broker: Path
    client: Path
    client_key: Path
    stranger: Path

    @classmethod
    def made_in(cls, folder: Path) -> Self:
        """Make an authority, and certificates for a broker on 127.0.0.1 and for a client."""
        authority = trustme.CA()
        broker = authority.issue_cert("127.0.0.1", "localhost")
        client = authority.issue_cert("reader@clients.example")
        names = ("ca.pem", "broker.pem", "client.pem", "client-key.pem", "stranger.pem")
        made = cls(*(folder / name for name in names))
        authority.cert_pem.write_to_path(made.authority)
        trustme.CA().cert_pem.write_to_path(made.stranger)
        made.broker.write_bytes(_key(broker) + _chain(broker))
        made.client.write_bytes(_chain(client))
        made.client_key.write_bytes(_key(client, KEY_PASSWORD))
        return made


def _chain(certificate: trustme.LeafCert) -> bytes:
    return b"".join(part.bytes() for part in certificate.cert_chain_pems)


def _key(certificate: trustme.LeafCert, password: str = "") -> bytes:
    """Return a private key in the one form Kafka reads, PKCS #8."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    sealed = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed)

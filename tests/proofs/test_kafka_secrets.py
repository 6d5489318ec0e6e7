"""I7 for tap-kafka: no password is seen, whatever a run, librdkafka or a registry does with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bizon_taps.kafka.tap import TapKafka
from tests.commands.process import write
from tests.fakes.kafka import Kafka
from tests.process.commands import Finished
from tests.process.inside import run_inside
from tests.proofs.canaries import leaks

BROKER = "canary-of-the-brokers-5f1c"
REGISTRY = "canary-of-the-registry-77aa"
KEY = "canary-of-the-key-c0de9b"
OTHER = "canary-of-a-property-31d4"
SECRETS = (BROKER, REGISTRY, KEY, OTHER)
NOBODY = "127.0.0.1:1"
LOGINS: dict[str, dict[str, Any]] = {
    "security": {"security": {"mechanism": "SCRAM-SHA-256", "username": "u", "password": BROKER}},
    "authentication": {
        "authentication": {
            "type": "basic",
            "params": {"username": "u", "password": BROKER},
            "schema_registry_url": "http://127.0.0.1:1",
            "schema_registry_username": "r",
            "schema_registry_password": REGISTRY,
        }
    },
    "oauthbearer": {
        "security": {
            "mechanism": "OAUTHBEARER",
            "username": "u",
            "password": BROKER,
            "token_endpoint_url": "http://127.0.0.1:1/token",
        }
    },
    "properties": {
        "consumer_config": {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": "u",
            "sasl.password": OTHER,
        }
    },
    "registry": {"schema_registry": {"url": "http://127.0.0.1:1", "password": REGISTRY}},
    "key": {"security": {"protocol": "SSL", "key_location": "none.pem", "key_password": KEY}},
    "pem": {"consumer_config": {"security.protocol": "SSL", "ssl.key.pem": OTHER}},
}


@pytest.fixture(autouse=True)
def _debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show everything there is to show."""
    monkeypatch.setenv("LOGLEVEL", "DEBUG")


def run(folder: Path, settings: dict[str, Any], *more: str) -> Finished:
    """Run the command inside this process; nobody answers unless the settings say who."""
    config = {
        "bootstrap_servers": NOBODY,
        "topics": ["orders"],
        "consumer_timeout": 0.7,
        "api_config": {"retry_limit": 0},
        **settings,
    }
    path = write(folder / "config.json", config)
    return run_inside(lambda _: TapKafka, "--config", path, *more, name="tap-kafka")


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("more", [[], ["--discover"]], ids=" ".join)
def test_a_run_that_is_refused_shows_no_secret(login: str, more: list[str], tmp_path: Path) -> None:
    """With every word librdkafka has to say of it."""
    settings = LOGINS[login]
    chatty = {"debug": "all", **settings.get("consumer_config", {})}
    done = run(tmp_path, {**settings, "consumer_config": chatty}, *more)
    assert done.code in {2, 3, 5}, done.stderr
    assert leaks(done, *SECRETS) == []


@pytest.mark.parametrize("login", ["registry", "authentication"])
def test_a_run_that_reads_shows_no_secret(login: str, tmp_path: Path) -> None:
    """Not in STATE, and not in what is said of a registry that does not answer."""
    with Kafka() as kafka:
        kafka.fill("orders", 4)
        kafka.put("orders", b"\0\0\0\0\1framed")
        kafka.flush()
        settings = {**LOGINS[login], "bootstrap_servers": kafka.servers}
        if login == "authentication":  # the cluster knows no logins
            settings["security"] = {"protocol": "PLAINTEXT"}
        done = run(tmp_path, settings)
    assert done.code == 5, done.stderr
    assert leaks(done, *SECRETS) == []


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"security": {"password": [BROKER]}}, "security.password"),
    ({"security": BROKER}, "security"),
    ({"security": {"pasword": BROKER}}, "security.pasword"),
    ({"schema_registry": {"password": REGISTRY}}, "schema_registry.url"),
    ({"schema_registry": {"url": f"https://r:{REGISTRY}@h?x"}}, "schema_registry.url"),
    ({"consumer_config": {"sasl.password": [OTHER]}}, "consumer_config"),
    ({"consumer_config": {"sasl.pasword": OTHER}}, "sasl.pasword"),
    ({"consumer_config": {"security.protocol": "SSL", "ssl.ca.pem": OTHER}}, "ssl.ca.pem"),
    ({"authentication": {"type": "bearer", "params": {"token": BROKER}}}, "authentication.type"),
]


@pytest.mark.parametrize(("settings", "named"), MISTAKES, ids=lambda item: str(item)[:60])
def test_a_mistake_in_the_settings_shows_no_value(
    settings: dict[str, Any], named: str, tmp_path: Path
) -> None:
    """The setting is named, as far as it is one."""
    done = run(tmp_path, settings)
    assert (done.code, done.stdout) == (2, b""), done.stderr
    assert named in done.stderr
    assert leaks(done, *SECRETS) == []


def test_about_marks_what_is_secret(tmp_path: Path) -> None:
    """Passwords, and the properties that may be one."""
    done = run(tmp_path, {}, "--about", "--format", "json")
    settings = json.loads(done.stdout)["settings"]["properties"]
    for path in (
        "security.password",
        "security.key_password",
        "schema_registry.password",
        "authentication.schema_registry_password",
        "consumer_config",
    ):
        node = {"properties": settings}
        for name in path.split("."):
            node = node["properties"][name]
        assert node["secret"] is True, path

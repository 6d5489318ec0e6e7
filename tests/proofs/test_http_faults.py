"""I6, I7, I8 over HTTP: every kind of fault at every position, once and for good.

Subject is tests/sources/orders.py, run by its whole command: inside this process with the pauses
between tries noted and not made, and for some cases in a process of its own. A case is replayed by
its test id; docs/faults.md is the table for readers.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bizon_singer import custom
from bizon_singer.testing import check
from tests.commands.process import assert_failed, last_state, records, script, sentence, write
from tests.process.commands import Finished
from tests.process.inside import loaded_once, run_inside
from tests.proofs.http_faults import BODY_CANARY, FAULTS, Fault
from tests.proofs.orders_api import CANARIES, PAGES, PAGES_BEFORE, POSITIONS, OrdersApi, ids_of

SOURCE = Path(__file__).parents[1] / "sources" / "orders.py"
RETRY_LIMIT = 2
SETTINGS: dict[str, Any] = {"api_config": {"retry_limit": RETRY_LIMIT}}
"""Settings of every run; what else a run may be proven with is added here."""
PAGE_OF = {"check": None, "first": 1, "token": 2, "middle": 3, "last": PAGES}

CASES = [
    pytest.param(fault, position, id=f"{fault.kind}@{position}")
    for fault in FAULTS
    for position in POSITIONS
]
APART = [
    ("reset-before", "check"),
    ("cut-gzip", "first"),
    ("deep-json", "first"),
    ("401", "middle"),
    ("429-endless", "middle"),
    ("gzip-bomb", "middle"),
    ("reset-in-body", "middle"),
    ("slow-drip", "middle"),
    ("wrong-type", "middle"),
    ("404", "last"),
    ("html", "last"),
    ("read-timeout", "last"),
    ("403", "token"),
    ("503", "token"),
]
"""Cases that are run in a process of their own as well."""
FAULT_OF = {fault.kind: fault for fault in FAULTS}


make_orders = loaded_once(custom.make_tap)


def settings_of(fault: Fault, api: OrdersApi) -> dict[str, Any]:
    """Return the config of a run."""
    return {**SETTINGS, **fault.settings, **api.settings()}


def run(folder: Path, config: dict[str, Any], state: Any = None) -> Finished:
    """Run the command inside this process."""
    config = {"source_file_path": str(SOURCE), **config}
    return run_inside(make_orders, *arguments_of(folder, config, state))


def run_apart(folder: Path, config: dict[str, Any], state: Any = None) -> Finished:
    """Run the source file in a process of its own, with pauses of no length."""
    http = {"retry_wait_max_seconds": 0, **config.get("http", {})}
    return script(SOURCE, *arguments_of(folder, {**config, "http": http}, state))


def arguments_of(folder: Path, config: dict[str, Any], state: Any) -> list[str]:
    """Return the command line of a run."""
    arguments = ["--config", write(folder / "config.json", config)]
    if state is not None:
        arguments += ["--state", write(folder / "state.json", state)]
    return arguments


def orders(done: Finished) -> list[int]:
    """Return the ids of the orders on stdout."""
    return [record["id"] for record in records(done, "orders")]


def assert_sound(done: Finished) -> None:
    """Check what holds of every run: whole lines, sound STATE, no secret, no body of an error."""
    secrets = [*CANARIES.values(), BODY_CANARY]
    assert check(done.stdout, secrets=secrets) == []
    assert [secret for secret in secrets if secret in done.stderr] == []
    assert len(records(done, "stock")) == len(ids_of(range(1, PAGES + 1)))


def assert_complete(done: Finished) -> None:
    """Check that a run went well and gave exactly the faultless records."""
    assert done.code == 0, done.stderr
    assert orders(done) == ids_of(range(1, PAGES + 1))
    assert "CRITICAL" not in done.stderr
    assert_sound(done)


def assert_ended(done: Finished, fault: Fault, position: str) -> None:
    """Check that a run ended as is documented: whole pages with their STATE, one sentence."""
    assert done.code == fault.code_at(position), done.stderr
    assert orders(done) == ids_of(range(1, PAGES_BEFORE[position] + 1))
    assert_sound(done)
    page = PAGE_OF[position]
    text = sentence(done)
    assert f"stream 'orders'{f', page {page}' if page else ''}: " in text
    assert re.search(fault.says, text), text
    assert "Traceback" not in done.stderr
    progress = last_state(done)["bookmarks"]["orders"]["in_progress"]
    assert (progress or {"pages": 0})["pages"] == PAGES_BEFORE[position]


def assert_waits(pauses: list[float], fault: Fault, *, tries: int) -> None:
    """Check each pause: below a doubling limit of 1 s, or what the API asked for."""
    assert len(pauses) <= tries
    for number, pause in enumerate(pauses):
        assert fault.asked <= pause <= max(2**number, fault.asked)


def assert_resumed(done: Finished, again: Callable[[Any], Finished]) -> None:
    """Check that a run from the last STATE gives exactly what is missing."""
    rest = again(last_state(done))
    assert rest.code == 0, rest.stderr
    assert orders(done) + orders(rest) == ids_of(range(1, PAGES + 1))
    assert_sound(rest)


@pytest.mark.parametrize(("fault", "position"), CASES)
def test_a_fault_met_once(fault: Fault, position: str, pauses: list[float], tmp_path: Path) -> None:
    """It is survived with every record, or ends the run so that the next one gives the rest."""
    with OrdersApi(fault, position, times=1) as api, api.network():
        config = settings_of(fault, api)
        done = run(tmp_path, config)
        assert_waits(pauses, fault, tries=int(fault.heals and fault.pauses))
        if fault.heals_at(position) or fault.code_at(position) == 0:
            assert_complete(done)
            assert len(pauses) == int(fault.pauses)
        else:
            assert_ended(done, fault, position)
            assert_resumed(done, partial(run, tmp_path, config))


@pytest.mark.parametrize(("fault", "position"), CASES)
def test_a_fault_that_lasts(
    fault: Fault, position: str, pauses: list[float], tmp_path: Path
) -> None:
    """It ends the run within the documented pauses, and the next one gives the rest."""
    with OrdersApi(fault, position, times=None) as api, api.network():
        config = settings_of(fault, api)
        done = run(tmp_path, config)
        if fault.code == 0:
            assert_complete(done)
            return
        assert_waits(pauses, fault, tries=RETRY_LIMIT)
        assert_ended(done, fault, position)
        api.heal()
        assert_resumed(done, partial(run, tmp_path, config))


@pytest.mark.parametrize(("kind", "position"), APART, ids=["@".join(case) for case in APART])
def test_a_fault_that_lasts_in_a_process(kind: str, position: str, tmp_path: Path) -> None:
    """A process ends and is resumed as the same command does inside another one."""
    fault = FAULT_OF[kind]
    with OrdersApi(fault, position, times=None) as api:
        config = settings_of(fault, api)
        done = run_apart(tmp_path, config)
        assert_ended(done, fault, position)
        api.heal()
        assert_resumed(done, partial(run_apart, tmp_path, config))


@pytest.mark.parametrize("kind", ["dns-unknown", "refused"])
def test_no_server_in_a_process(kind: str, tmp_path: Path) -> None:
    """What the table takes for granted of a network that is not there: the real one says it."""
    with OrdersApi(FAULT_OF[kind], "check", times=None) as api, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and never listens
        config = settings_of(FAULT_OF[kind], api)
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        if kind == "dns-unknown":
            url = "http://no-such-host.invalid"
        config["authentication"]["params"]["token_refresh_endpoint"] = f"{url}/token"
        done = run_apart(tmp_path, {**config, "base_url": url, "http": {"allow_http": True}})
    reason = {"dns-unknown": "cannot be resolved", "refused": "was refused"}[kind]
    assert_failed(done, "stream 'orders': ", f"POST {url}/token", reason, code=5)
    assert orders(done) == []
    assert_sound(done)

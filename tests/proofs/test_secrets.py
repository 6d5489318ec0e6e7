"""I7: no secret of the settings, in any spelling, in what a run shows to anybody.

A secret may stand in one place only: a RECORD that carries what the API sent. Descriptor 2 itself
cannot be guarded against a source's own ``os.write``; everything Python writes to stderr is.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bizon_singer import custom
from bizon_singer.source import session as session_module
from bizon_taps.dummy.tap import TapDummy
from bizon_taps.pokeapi.tap import TapPokeApi
from tests.commands.process import custom as in_a_process
from tests.commands.process import records, sentence, write
from tests.fakes.http_server import Answer, HttpServer, Request, json_answer
from tests.process.commands import Finished
from tests.process.inside import loaded_once, run_inside
from tests.proofs.canaries import AUTHENTICATIONS, CANARY, authentication, leaks
from tests.proofs.http_faults import BODY_CANARY, FAULTS, Fault
from tests.proofs.orders_api import CANARIES, OrdersApi
from tests.sources.leaky import SPELLINGS

LEAKY = Path(__file__).parents[1] / "sources" / "leaky.py"
ORDERS = LEAKY.with_name("orders.py")
SETTINGS: dict[str, Any] = {"api_config": {"retry_limit": 0}}
"""Settings of every run; what else a run may be proven with is added here."""

WAYS = {
    # It raises.
    **dict.fromkeys(("error", "cause", "context", "note", "group", "error_object", "bytes"), 1),
    **dict.fromkeys(("lines", "long_error", "local", "http_error", "discover_raises"), 1),
    **dict.fromkeys(("own_error", "exit"), 4),
    "connection_error": 5,
    "check_reason": 3,
    "count_raises": 0,
    # It says so.
    **dict.fromkeys(("log", "log_arguments", "log_debug", "log_exception", "log_stack"), 0),
    **dict.fromkeys(("log_extra", "logger_name", "print", "print_in_pieces", "stderr"), 0),
    "warning": 0,
    # It sends it.
    **dict.fromkeys(("query", "path", "proxy"), 5),
    "header": 4,
    # It hands it over.
    **dict.fromkeys(("pagination", "pagination_key", "next_state", "record"), 0),
    **dict.fromkeys(("pagination_loop", "page_of_text", "record_of_text"), 4),
    **dict.fromkeys(("stream_name", "stream_description", "stream_schema"), 4),
}
"""What the source does with its secret, and the exit code of the run."""
LEAKS = [
    pytest.param(way, kind, spelling, id=f"{way}-{kind}-{spelling}")
    for way in WAYS
    for kind in AUTHENTICATIONS
    for spelling in SPELLINGS
]


make_leaky = loaded_once(custom.make_tap)
make_orders = loaded_once(custom.make_tap)


@pytest.fixture(autouse=True)
def _debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show everything there is to show."""
    monkeypatch.setenv("LOGLEVEL", "DEBUG")


def run_leaky(folder: Path, *more: str, **settings: Any) -> Finished:
    """Run tap-bizon on the source that gives its secret away."""
    config = {"source_file_path": str(LEAKY), **SETTINGS, **settings}
    return run_inside(make_leaky, "--config", write(folder / "config.json", config), *more)


# A source that does not keep it


@pytest.mark.parametrize(("way", "kind", "spelling"), LEAKS)
def test_a_source_cannot_give_its_secret_away(
    way: str, kind: str, spelling: str, tmp_path: Path
) -> None:
    """Whatever it does with it, short of a record: what is shown has a mask in its place."""
    settings = {"leak": way, "spelling": spelling, "authentication": authentication(kind)}
    done = run_leaky(tmp_path, **settings)
    assert done.code == WAYS[way], done.stderr
    if way == "record":
        assert records(done)[2]["echo"] == SPELLINGS[spelling](CANARY)
        lines = [line for line in done.stdout.splitlines(keepends=True) if b'"RECORD"' not in line]
        done = Finished(done.code, b"".join(lines), done.stderr)
    assert leaks(done, CANARY, SPELLINGS[spelling](CANARY)) == []


def test_a_secret_that_is_a_word_keeps_no_stream_out(tmp_path: Path) -> None:
    """A password of `test` does not make a stream of that name a leak."""
    login = authentication("basic", password="test")
    done = run_leaky(tmp_path, leak="stream_name", authentication=login)
    assert done.code == 0, done.stderr
    assert {record["n"] for record in records(done, "things of test")} == set(range(6))


@pytest.mark.parametrize("kind", AUTHENTICATIONS)
def test_a_source_cannot_give_away_what_it_sent(kind: str, tmp_path: Path) -> None:
    """Headers and authenticator, with the tokens that were only given to the run itself."""
    tokens = {"access_token": CANARY.swapcase(), "refresh_token": CANARY[::-1]}
    with HttpServer(json_answer({}), routes={"/token": [json_answer(tokens)]}) as server:
        endpoint = {"token_refresh_endpoint": f"{server.url}/token"} if kind == "oauth" else {}
        login = authentication(kind, **endpoint)
        done = run_leaky(tmp_path, leak="request", api=server.url, authentication=login)
    assert done.code == 1, done.stderr
    assert "[REDACTED]" in sentence(done)
    assert leaks(done, CANARY, *tokens.values()) == []


BODIES = {
    "thread": "import threading as t; t = t.Thread(target=int, args=(KEY,)); t.start(); t.join()",
    "finalizer": "type('Talker', (), {'__del__': lambda self: int(KEY)})()",
    "at_exit": "import atexit; atexit.register(print, KEY)",
    "excepthook": "import sys; sys.excepthook(ValueError, ValueError(KEY), None)",
    "first_stderr": "import sys; print(KEY, file=sys.__stderr__, flush=True)",
    "first_stdout": "import sys; print(KEY, file=sys.__stdout__, flush=True)",
    "own_handler": "import logging, sys; logging.StreamHandler(sys.__stderr__).handle("
    "logging.makeLogRecord({'msg': KEY, 'levelno': 40}))",
    "basic_config": "import logging; logging.basicConfig(force=True); logging.error(KEY)",
    "trace": "import traceback, sys\ntry: int(KEY)\nexcept ValueError: traceback.print_exc()",
    "pretty": "import pprint; pprint.pprint({'key': [KEY] * 9})",
}


@pytest.mark.parametrize("way", BODIES)
def test_a_process_has_no_other_way_to_stderr(way: str, tmp_path: Path) -> None:
    """What Python itself prints, and the streams it was started with, are guarded as well."""
    key = "KEY = self.config.authentication.params.token\n"
    login = {"type": "bearer", "params": {"token": CANARY}}
    done = in_a_process(tmp_path, key + BODIES[way], authentication=login)
    assert done.code == 0, done.stderr
    assert "[REDACTED]" in done.stderr
    assert leaks(done) == []


# An API that tells what it was told


def told_back(request: Request, answer: Answer) -> Answer:
    """Put the credentials of a request, and of the settings, into an answer in every spelling."""
    sent = [request.headers.get(name, "") for name in ("authorization", "x-api-key", "cookie")]
    told = [spell(text) for text in (CANARY, *sent) for spell in SPELLINGS.values()]
    body = answer.body.replace(BODY_CANARY.encode(), json.dumps(told)[2:-2].encode())
    headers = {**answer.headers, "X-Echo": CANARY, "WWW-Authenticate": f'Bearer error="{CANARY}"'}
    if headers.get("Content-Type") == "text/html":
        headers["Content-Type"] = f"text/{urlsafe_b64encode(CANARY.encode()).decode()}"
    return replace(answer, body=body, headers=headers)


@pytest.mark.parametrize("kind", AUTHENTICATIONS)
@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.kind) for fault in FAULTS])
def test_an_api_cannot_give_a_secret_away(
    fault: Fault, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it answers when a run ends for it, and whatever urllib3 says of that at debug."""
    monkeypatch.setattr(session_module, "sleep", lambda _: None)
    with OrdersApi(fault, "first", times=None, change=told_back) as api, api.network():
        settings = {"source_file_path": str(ORDERS), **SETTINGS, **fault.settings, **api.settings()}
        own = settings["authentication"]["params"] if kind == "oauth" else {}
        endpoint = {key: own[key] for key in own if key == "token_refresh_endpoint"}
        settings["authentication"] = authentication(kind, **endpoint)
        settings["stream"] = "orders"
        config = write(tmp_path / "config.json", settings)
        done = run_inside(make_orders, "--config", config)
    assert done.code == fault.code_at("first"), done.stderr
    assert leaks(done, CANARY, CANARIES["access_token"]) == []


# Settings with a mistake in them


def mistakes(kind: str) -> dict[str, Any]:
    """Return configs that are refused, each with a secret where the mistake is."""
    good = authentication(kind)
    params = good["params"]
    alike = {"api_key", "bearer"} if kind in {"api_key", "bearer"} else {kind}
    others = {other: {**good, "type": other} for other in AUTHENTICATIONS.keys() - alike}
    fields = sorted(params.keys() - {"cookies", "headers"})  # objects by nature
    quoted = quote(CANARY, safe="")
    configs: dict[str, Any] = {
        **{f"type-{other}": {"authentication": wrong} for other, wrong in others.items()},
        **{
            f"{name}-{what}": {"authentication": {**good, "params": {**params, name: value}}}
            for name in fields
            for what, value in {"list": [CANARY], "object": {CANARY: CANARY}}.items()
        },
        "type-secret": {"authentication": {**good, "type": CANARY}},
        "type-missing": {"authentication": {"params": params}},
        "params-text": {"authentication": {**good, "params": CANARY}},
        "params-list": {"authentication": {**good, "params": [CANARY]}},
        "params-unknown": {"authentication": {**good, "params": {**params, "tokn": CANARY}}},
        "text": {"authentication": CANARY},
        "list": {"authentication": [good]},
        "unknown": {"authentication": good, "tokn": CANARY},
        "misspelled": {"authenticaton": good},
        "in-http": {"http": {"authentication": good}},
        "in-api-config": {"api_config": {"token": CANARY}},
        "in-retry-limit": {"api_config": {"retry_limit": CANARY}},
        "in-stream": {"authentication": good, "stream": CANARY},
        "in-stream-settings": {"stream_settings": {"berry": {"authentication": {"type": CANARY}}}},
        "in-start-date": {"start_date": CANARY},
        "in-page-size": {"page_size": CANARY},
        "in-base-url": {"base_url": f"ftp://us:{quoted}@example.invalid"},
        "in-base-url-user": {
            "base_url": f"https://us:{quoted}@example.invalid/",
            "stream": "item",
        },
        "in-origins": {"http": {"allowed_origins": [f"https://us:{quoted}@example.invalid"]}},
        "in-maps": {"authentication": good, "stream_maps": {"berry": {"name": f"record[{CANARY}"}}},
        "cut": json.dumps({"authentication": good})[:-2],
        "doubled": json.dumps({"authentication": good}) * 2,
        "reference": {"page_size": f"env://{CANARY}"},
        "secret-manager": {"page_size": f"gsm://{CANARY}"},
    }
    return configs


MISTAKES = [(kind, name) for kind in AUTHENTICATIONS for name in sorted(mistakes(kind))]


@pytest.mark.parametrize(("kind", "name"), MISTAKES, ids=["-".join(case) for case in MISTAKES])
def test_a_mistake_in_the_settings_shows_no_value(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before any output, by a sentence without the value."""
    monkeypatch.setenv("NO_GCE_CHECK", "true")  # nobody is logged in to Google, nor is asked
    config = write(tmp_path / "config.json", mistakes(kind)[name])
    done = run_inside(lambda _: TapPokeApi, "--config", config)
    codes = {"in-base-url-user": 6, "secret-manager": 3}
    assert done.code == codes.get(name, 2), done.stderr
    assert done.stdout == b""
    assert sentence(done)
    assert leaks(done, CANARY, f"refresh {CANARY}", f"csrf {CANARY}") == []


@pytest.mark.parametrize("option", ["--catalog", "--state"])
def test_a_secret_in_the_wrong_file_is_not_shown(option: str, tmp_path: Path) -> None:
    """A catalog or STATE is refused with the secrets of the settings known by then."""
    entry = {"tap_stream_id": "berry", "replication_method": CANARY}
    value = {"streams": [entry], "bookmarks": {CANARY: "no bookmark"}}
    config = write(tmp_path / "config.json", {"authentication": authentication("bearer")})
    path = write(tmp_path / "input.json", value)
    done = run_inside(lambda _: TapPokeApi, "--config", config, option, path)
    assert (done.code, done.stdout) == (2, b"")
    assert "[REDACTED" in sentence(done)
    assert leaks(done) == []


# Answers for a person


ANSWERS = {
    "about": ["--about"],
    "about-json": ["--about", "--format", "json"],
    "about-markdown": ["--about", "--format", "markdown"],
    "discover": ["--discover"],
}


@pytest.mark.parametrize("kind", AUTHENTICATIONS)
@pytest.mark.parametrize("tap", ["tap-dummy", "tap-pokeapi", "tap-bizon"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_shows_a_secret(answer: str, tap: str, kind: str, tmp_path: Path) -> None:
    """What a tap says of itself ends up in public places."""
    classes = {"tap-dummy": TapDummy, "tap-pokeapi": TapPokeApi}
    config: dict[str, Any] = {"authentication": authentication(kind)}
    if tap == "tap-bizon":
        config["source_file_path"] = str(LEAKY)
    make_tap = make_leaky if tap == "tap-bizon" else lambda _: classes[tap]
    path = write(tmp_path / "config.json", config)
    done = run_inside(make_tap, "--config", path, *ANSWERS[answer])
    assert done.code == 0, done.stderr
    assert len(done.stdout) > 500
    assert leaks(done) == []

"""Every mistake ends in one sentence, the documented exit code, and nothing half-written.

Each config holds a canary in the place of a secret, which must not come back.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.process import (
    AUTHENTICATION,
    CANARY,
    assert_failed,
    assert_refused,
    custom,
    last_state,
    messages,
    records,
    sentence,
    source_file,
    tap,
    trace,
    without_times,
    write,
)

GOOD: dict[str, Any] = {"authentication": AUTHENTICATION, "count": 3}
BAD_AUTH = {"type": "api_key", "params": {"username": CANARY}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["is empty", "write at least {}"]),
        (f'["{CANARY}"]', ["holds no object"]),
        (f'{{"token": "{CANARY}"', ["is no valid JSON (line 1)"]),
        ({**GOOD, "cuont": CANARY}, ["`cuont` (did you mean `count`?)"]),
        ({**GOOD, "api_config": {"retry_limt": 1}}, ["`api_config.retry_limt` (did you mean"]),
        ({**GOOD, "count": CANARY}, ["setting `count` must be a valid integer"]),
        ({**GOOD, "sync_mode": "incr"}, ["setting `sync_mode` must be 'full_refresh'"]),
        (
            {**GOOD, "stream_settings": {"events": {"sync_mode": ["stream"]}}},
            ["setting `stream_settings.events.sync_mode` must be 'full_refresh'"],
        ),
        ({"authentication": BAD_AUTH}, ["`authentication.params.token` is missing"]),
        ({**GOOD, "stream": "evnts"}, ["'evnts'", "did you mean `events`?"]),
        ({**GOOD, "stream_settings": {"evnts": {}}}, ["'evnts'", "did you mean `events`?"]),
        (
            {**GOOD, "stream_settings": {"events": {"cuont": CANARY}}},
            ["`stream_settings.events.cuont` (did you mean `count`?)"],
        ),
        ({**GOOD, "seed": "env://NOT_SET_ANYWHERE"}, ["`seed`", "NOT_SET_ANYWHERE", "not set"]),
        ({**GOOD, "flattening_enabled": True}, ["flattening_max_depth"]),
    ],
)
def test_a_bad_config_is_refused(tmp_path: Path, text: Any, words: list[str]) -> None:
    """Empty, broken, unknown, mistyped, missing: exit 2 and one sentence."""
    done = tap("tap-dummy", "--config", write(tmp_path / "config.json", text))
    assert_refused(done, "tap-dummy", *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "missing.json"], ["'missing.json' cannot be read", "No such file"]),
        (["--config", "."], ["'.' cannot be read", "directory"]),
        (["--config"], ["--config", "requires an argument", "--help"]),
        (["--nope"], ["No such option", "--nope", "--help"]),
        (["--discover", "stray"], ["unexpected extra argument", "stray"]),
        (["--test=perhaps"], ["--test", "'perhaps'", "'schema'"]),
        (["--about", "--format", "xml"], ["--format", "'xml'"]),
    ],
)
def test_a_bad_command_line_is_refused(
    tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    """Nothing is done before all of it is understood."""
    assert_refused(tap("tap-dummy", *arguments, cwd=tmp_path), *words)


STATE = {"bookmarks": {"events": {"last_run": "2024-01-01T00:00:00Z"}}}


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--catalog", "", ["the catalog file", "is empty"]),
        ("--catalog", '{"streams": [{"tap_str', ["the catalog file", "no valid JSON (line 1)"]),
        ("--catalog", "null", ["the catalog file", "holds null"]),
        ("--catalog", "[]", ["the catalog is no object with a list `streams`"]),
        ("--catalog", "[" * 5000 + "]" * 5000, ["the catalog file"]),
        (
            "--properties",
            {"streams": [{"tap_stream_id": "evnts", "selected": True}]},
            ["'evnts'", "did you mean `events`?"],
        ),
        (
            "--catalog",
            {"streams": [{"tap_stream_id": "events", "schema": {"properties": {"id": 3}}}]},
            ["'events'", "'id'", "run --discover again"],
        ),
        ("--state", "", ["the state file", "is empty", "leave out --state"]),
        ("--state", json.dumps(STATE)[:-3], ["the state file", "cut off", "leave out --state"]),
        ("--state", "null", ["the state file", "holds null"]),
        ("--state", '{"bookmarks": {"a": {}, "a": {}}}', ["key 'a' twice", "leave out"]),
        ("--state", "{}\n{}\n", ["the state file", "several JSON texts", "last line"]),
        ("--catalog", '{"streams": [], "streams": []}', ["the key 'streams' twice"]),
        ("--state", "[]", ["the state is a list, not an object"]),
        ("--state", {"bookmarks": []}, ["`bookmarks` in the state is a list"]),
        ("--state", {"bookmarks": {"events": "x"}}, ["bookmark of stream 'events'", "string"]),
        ("--state", {"version": 99, **STATE}, ["version 99", "update the tap"]),
    ],
)
def test_a_bad_catalog_or_state_is_refused(
    tmp_path: Path, option: str, text: Any, words: list[str]
) -> None:
    """Before any output: a run that ignored its STATE would read everything again."""
    config = write(tmp_path / "config.json", GOOD)
    done = tap("tap-dummy", "--config", config, option, write(tmp_path / "input.json", text))
    assert_refused(done, *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["my_source.py' does not exist", "set source_file_path"]),
        ("def f(:\n", ["is no valid Python (line 1)", "mend it"]),
        ("\nraise ValueError('bad day')\n", ["raises ValueError (line 2)", "bad day"]),
        ("import sys\nsys.exit(0)\n", ["calls exit()", "__main__"]),
        ("import no_such_package\n", ["imports no_such_package", "install it"]),
        ("x = 1\n", ["has no source", "define a class derived from AbstractSource"]),
        ("from bizon.source.base import AbstractSource\n", ["Platform", "no release"]),
        ("from bizon.source.models import Record\n", ["'Record'", "did you mean `SourceRecord`?"]),
        ("import os\nprint('a print')\nos.write(1, b'raw')\n1 / 0\n", ["ZeroDivisionError"]),
        ("raise KeyboardInterrupt\n", ["raises KeyboardInterrupt (line 1) while it is imported"]),
    ],
)
def test_a_bad_source_file_is_refused(tmp_path: Path, text: str | None, words: list[str]) -> None:
    """Missing, no Python, failing, without a source: the file, the line, what to do."""
    path = str(tmp_path / "my_source.py")
    if text is not None:
        source_file(tmp_path, text=text)
    config = {"source_file_path": path, "authentication": AUTHENTICATION}
    done = tap("tap-bizon", "--config", write(tmp_path / "config.json", config))
    assert_refused(done, "my_source.py", *words)


def test_without_a_source_file_tap_bizon_says_what_it_needs(tmp_path: Path) -> None:
    """For a run and for discovery alike."""
    config = write(tmp_path / "config.json", {"authentication": AUTHENTICATION})
    assert_refused(tap("tap-bizon", "--config", config), "`source_file_path` is missing; add")
    assert_refused(tap("tap-bizon", "--discover"), "`source_file_path` is missing; add")


# A source that misbehaves


UNREADABLE = Path("/proc/self/mem")
"""It can be opened and not read, by root as well, who may read a file of mode 000."""


@pytest.mark.skipif(not UNREADABLE.exists(), reason="only Linux has a file that nobody can read")
@pytest.mark.parametrize("option", ["--config", "--catalog", "--state"])
def test_a_file_that_cannot_be_read_is_refused(option: str) -> None:
    """By its name and the reason."""
    done = tap("tap-dummy", option, str(UNREADABLE))
    assert_refused(done, f"'{UNREADABLE}' cannot be read (Input/output error)")


@pytest.mark.parametrize(("option", "text"), [("--catalog", '{"streams": []}'), ("--state", "{}")])
def test_a_file_in_another_encoding_is_refused(tmp_path: Path, option: str, text: str) -> None:
    """UTF-16, as some editors save it."""
    path = tmp_path / "input.json"
    path.write_bytes(text.encode("utf-16"))
    done = tap("tap-dummy", option, str(path))
    assert_refused(done, "is no UTF-8 text", f"leave out {option}")


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("return None", 4, ["the source returned None for a page"]),
        ("return 1, 2, 3", 4, ["the source returned a tuple for a page"]),
        ("return {'records': []}", 4, ["the source returned a dict"]),
        ("async def f(): pass\n    return f()", 4, ["returned a coroutine", "without `async`"]),
        ("return SourceIteration(records=['x'], next_pagination={})", 4, ["record 1 is a str"]),
        ("return SourceIteration(records=[], next_pagination=[1])", 4, ["a list as next_pag"]),
        ("return SourceIteration(records=[], next_pagination={'page': 1})", 4, ["same page again"]),
        ("raise KeyError('boom')", 1, ["the source raised KeyError: 'boom'", "mend the source"]),
        ("raise ValueError(self.config.authentication.params.token)", 1, ["[REDACTED]"]),
        ("import sys; sys.exit(0)", 4, ["the source called exit()"]),
        ("raise KeyboardInterrupt", 4, ["the source raised KeyboardInterrupt"]),
        ("import time; time.sleep(60)", 5, ["gave no page for 0.5 s", "`page_timeout_seconds`"]),
        ("from bizon.source.models import Record", 2, ["'Record'", "did you mean `SourceRecord`?"]),
    ],
)
def test_a_source_that_fails_ends_its_stream(
    tmp_path: Path, body: str, code: int, words: list[str]
) -> None:
    """Its second page fails: the first is out with a STATE that goes on there, and why is said."""
    done = custom(tmp_path, f"if page == 1:\n    {body}", page_timeout_seconds=0.5)
    assert_failed(done, "tap-bizon: stream 'things', page", *words, code=code)
    assert [record["number"] for record in records(done)] == [0, 1]
    progress = last_state(done)["bookmarks"]["things"]["in_progress"]
    assert progress["pagination"] == {"page": 1}
    assert bool(trace(done)) is (code == 1)


def test_a_failed_run_is_resumed_where_it_failed(tmp_path: Path) -> None:
    """Once the source is mended: the rest and nothing else, and the STATE of a whole run."""
    whole = custom(tmp_path)
    failed = custom(tmp_path, "if page == 1: raise KeyError('boom')")
    source_file(tmp_path)
    state = write(tmp_path / "state.json", last_state(failed))
    resumed = tap("tap-bizon", "--config", str(tmp_path / "config.json"), "--state", state)
    assert [record["number"] for record in records(failed) + records(resumed)] == list(range(6))
    assert without_times(last_state(resumed)) == without_times(last_state(whole))


@pytest.mark.parametrize(
    "body",
    [
        "print('printed')",
        "import os; os.write(1, b'written\\n'); os.write(2, b'logged\\n')",
        "import subprocess; subprocess.run('echo from a child; echo more >&2', shell=True)",
        "import ctypes; c = ctypes.CDLL(None); c.puts(b'from C'); c.fflush(None)",
        "import sys; sys.__stdout__.write('the first stdout\\n'); sys.stdout.close()",
        "import logging; logging.basicConfig(force=True); logging.warning('logged')",
        "import warnings; warnings.warn('warned')",
        "import atexit; atexit.register(lambda: __import__('os').write(1, b'at exit\\n'))",
    ],
)
def test_what_a_source_prints_is_no_message(tmp_path: Path, body: str) -> None:
    """Only messages are on stdout, whoever writes to it by whatever means."""
    done = custom(tmp_path, body)
    assert done.code == 0, done.stderr
    kinds = [message["type"] for message in messages(done)]
    assert kinds == ["SCHEMA", *(["RECORD"] * 2 + ["STATE"]) * 3]


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("True", 0, []),
        ("(True,)", 4, ["check_connection() of the source returned a tuple; return (True, None)"]),
        ("(True, None, 1)", 4, ["check_connection() of the source returned a tuple"]),
        ("None", 4, ["check_connection() of the source returned None"]),
        ("'no'", 4, ["check_connection() of the source returned a str"]),
        ("[False, 'no luck']", 3, ["the connection check failed: no luck; mend the settings"]),
        ("(False, ValueError('no luck'))", 3, ["the connection check failed: no luck"]),
        ("(False, __import__('requests').ConnectionError())", 5, ["could not be reached"]),
    ],
)
def test_what_a_connection_check_may_say(
    tmp_path: Path, answer: str, code: int, words: list[str]
) -> None:
    """A pair or a truth value; what is neither is no success, and a reason is no crash."""
    text = Path(source_file(tmp_path)).read_text()
    done = custom(tmp_path, text=text.replace("return True, None", f"return {answer}"))
    if code:
        assert_refused(done, "stream 'things'", *words, code=code)
    else:
        assert len(records(done)) == 6


HEAD = "\n\n    def __init__(self, config):\n        super().__init__(config)\n        {}\n"


@pytest.mark.parametrize(
    ("method", "settings", "code", "words"),
    [
        ("__init__", {}, 1, ["stream 'things': the source raised KeyError: 'm'"]),
        ("check", {}, 1, ["stream 'things': the source raised KeyError: 'm'"]),
        ("check", {"check_connection": "warn"}, 0, ["the connection check failed"]),
        ("check", {"check_connection": "skip"}, 0, []),
        ("false", {}, 3, ["the connection check failed: no luck", "check_connection"]),
        ("false", {"check_connection": "warn"}, 0, ["the connection check failed: no luck"]),
        ("count", {}, 0, []),
    ],
)
def test_what_goes_wrong_before_the_first_page(
    tmp_path: Path, method: str, settings: dict[str, Any], code: int, words: list[str]
) -> None:
    """Constructor, connection check and count: only the first two can end a stream."""
    text = Path(source_file(tmp_path)).read_text()
    text = {
        "__init__": text + "\n    def __init__(self, config):\n        raise KeyError('m')\n",
        "check": text.replace("return True, None", "raise KeyError('m')"),
        "false": text.replace("return True, None", "return False, 'no luck'"),
        "count": text.replace("return None\n\n    def get(", "raise KeyError('m')\n\n    def get("),
    }[method]
    done = custom(tmp_path, text=text, **settings)
    if code:
        assert_failed(done, *words, code=code)
        assert done.stdout == b""
    else:
        assert done.code == 0
        assert len(records(done)) == 6
        assert [word for word in words if word not in done.stderr] == []
        assert "CRITICAL" not in done.stderr


TWO = """
from bizon_singer import AbstractSource, SourceIteration, SourceRecord

class Bad(AbstractSource):
    @staticmethod
    def streams(): return ["bad"]
    def get(self, pagination=None): raise KeyError("boom")

class Good(AbstractSource):
    @staticmethod
    def streams(): return ["good"]
    def get(self, pagination=None):
        return SourceIteration({}, [SourceRecord("1", {"a": 1})])
"""


@pytest.mark.parametrize(("policy", "count"), [("continue", 1), ("stop", 0)])
def test_a_failing_stream_does_not_end_the_others(tmp_path: Path, policy: str, count: int) -> None:
    """Unless that is wanted; the exit code and the sentence tell of the one that failed."""
    done = custom(tmp_path, text=TWO, on_stream_error=policy)
    assert_failed(done, "stream 'bad', page 1", "KeyError", code=1)
    assert len(records(done, "good")) == count
    assert sentence(done).count("boom") == 1


def test_a_failing_trial_is_explained_like_a_run(tmp_path: Path) -> None:
    """`--test` reads one record of each stream, and tells of those that cannot be read."""
    source = source_file(tmp_path, text=TWO)
    config = write(tmp_path / "config.json", {"source_file_path": source})
    done = tap("tap-bizon", "--config", config, "--test")
    assert_failed(done, "stream 'bad', page 1", "KeyError", "1 of 2 streams", code=1)
    assert [message["type"] for message in messages(done)] == ["SCHEMA", "RECORD", "STATE"]

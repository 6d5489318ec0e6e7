"""A command that is forked is the command that is started: in all a test, or a script, can see."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.process import source_file
from tests.process.commands import Finished, Started, command, run, write_json
from tests.process.forked import Forked, is_same_forked

BIN = Path(sys.executable).parent
DUMMY = str(BIN / "tap-dummy")
CUSTOM = str(BIN / "tap-bizon")
ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 20.0
IN_ANY_PIPE = 60_000

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or bool(os.environ.get("FRESH_STARTS")), reason="nothing is forked"
)


def without_moments(text: str) -> str:
    """Return what a command logged without times, durations and pids."""
    text = re.sub(r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d[,.]?\d*", "WHEN", text)
    text = re.sub(r'"value":\d+\.[\de.-]+', '"value":SECONDS', text)
    return re.sub(r'"pid":\d+', '"pid":PID', text)


def both(act: Callable[[bool], Finished]) -> Finished:
    """Do the same with a command that is started and with one that is forked; return what it did.

    Args:
        act: Gives what it did; it is told whether to start it.
    """
    started, forked = act(True), act(False)
    assert forked.code == started.code
    assert without_moments(forked.stdout.decode()) == without_moments(started.stdout.decode())
    assert without_moments(forked.stderr) == without_moments(started.stderr)
    return forked


def same(arguments: list[str], **options: Any) -> Finished:
    """Run a command both ways to its end."""
    options = {"env": {**os.environ}, **options}
    assert is_same_forked(arguments, **options)
    return both(lambda fresh: run(arguments, fresh=fresh, **options))


def script(folder: Path, text: str) -> list[str]:
    """Return the command line of a script."""
    path = folder / "script.py"
    path.write_text(text)
    return [sys.executable, str(path)]


def test_a_run_is_the_same(tmp_path: Path) -> None:
    """Its output to the byte."""
    done = same([DUMMY, "--config", str(write_json(tmp_path / "c.json", {"count": 30}))])
    assert done.code == 0
    assert b"RECORD" in done.stdout


def test_a_mistake_of_a_user_is_the_same(tmp_path: Path) -> None:
    """One sentence and its exit code, before logging is set up and after it."""
    assert same([DUMMY, "--config", str(tmp_path / "none.json")]).code == 2
    assert same([DUMMY, "--config", str(write_json(tmp_path / "c.json", {"count": "x"}))]).code == 2


def test_a_source_that_fails_is_the_same(tmp_path: Path) -> None:
    """Its traceback has the same lines."""
    source = source_file(tmp_path, "if page == 1:\n    raise KeyError('boom')")
    config = write_json(tmp_path / "c.json", {"source_file_path": source})
    done = same([CUSTOM, "--config", str(config)])
    assert done.code == 1
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("def work():\n    raise ValueError('boom')\nwork()", 1),
        ("def work(:", 1),
        ("import json\njson.loads('{')", 1),
        ("raise SystemExit('a last word')", 1),
        ("raise SystemExit(7)", 7),
        ("import os\nos._exit(9)", 9),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", -9),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGINT)", -2),
        ("import os\nos.abort()", -6),
        ("import sys\nsys.excepthook = lambda *_: print('mine')\nraise ValueError", 1),
        ("import os, sys\nsys.stdout = open(1, 'w')\nprint('out')\nos.close(1)", 120),
        ("def a():\n    def b(): yield b\n    return b\nprint(a.__code__.co_flags)", 0),
    ],
)
def test_the_end_of_a_script_is_the_same(tmp_path: Path, text: str, code: int) -> None:
    """Whatever it dies of: the traceback begins at its own first line."""
    assert same(script(tmp_path, text)).code == code


def test_what_happens_at_exit_is_the_same(tmp_path: Path) -> None:
    """Threads are waited for, daemons are not, and what is registered is called, last first."""
    text = """
import atexit, sys, threading, time, weakref

def late():
    time.sleep(0.3)
    print("a thread")

class Kept:
    def __del__(self):
        print("finalised", file=sys.stderr)

kept = Kept()
weakref.finalize(kept, print, "a finalizer")
atexit.register(print, "registered first")
atexit.register(print, "registered last")
threading.Thread(target=late).start()
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("the end")
"""
    done = same(script(tmp_path, text))
    assert done.stdout.split(b"\n") == [
        *(b"the end", b"a thread", b"registered last", b"registered first", b"a finalizer", b"")
    ]
    assert done.stderr == "finalised\n"


SEEN = """
import gc, json, locale, logging, os, resource, signal, sys, threading, time, warnings

def stream(of):
    if of is None:
        return None
    raw = getattr(of.buffer, "raw", of.buffer)
    names = ("encoding", "errors", "line_buffering", "mode", "name", "write_through")
    told = {name: getattr(of, name) for name in names}
    return told | {
        "repr": repr(of), "buffer": type(of.buffer).__name__, "raw": repr(raw),
        "tty": of.isatty(), "closefd": raw.closefd, "newlines": of.newlines,
    }

main = sys.modules["__main__"]
print(json.dumps({
    "argv": sys.argv, "orig_argv": sys.orig_argv[1:], "path": sys.path,
    "main": sorted(vars(main)), "is_main": vars(main) is globals(), "file": __file__,
    "loader": repr(type(__loader__)), "package": repr(__package__), "spec": repr(__spec__),
    "cached": __cached__, "annotations": __annotations__, "builtins": repr(__builtins__),
    "cwd": os.getcwd(), "env": sorted(os.environ.items()), "umask": os.umask(0o22),
    "descriptors": sorted(os.listdir("/proc/self/fd"), key=int)[:-1],
    "inheritable": [os.get_inheritable(number) for number in range(3)],
    "streams": [stream(of) for of in (sys.stdin, sys.stdout, sys.stderr)],
    "first": [sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__,
              sys.stderr is sys.__stderr__],
    "flags": str(sys.flags), "warnings": sys.warnoptions, "options": str(sys._xoptions),
    "handlers": {s.name: repr(signal.getsignal(s)).split(" at ")[0] for s in signal.Signals},
    "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "pending": sorted(signal.sigpending()), "timer": signal.getitimer(signal.ITIMER_REAL),
    "wakeup": signal.set_wakeup_fd(-1),
    "loggers": [logging.root.handlers, logging.root.level, logging.root.manager.disable],
    "collector": [gc.isenabled(), gc.get_threshold()],
    "threads": [thread.name for thread in threading.enumerate()],
    "hook": sys.excepthook is sys.__excepthook__, "limit": sys.getrecursionlimit(),
    "trace": [sys.gettrace(), sys.getprofile()], "bytecode": sys.dont_write_bytecode,
    "locale": [locale.getlocale(), locale.getpreferredencoding()], "zone": time.tzname,
    "executable": sys.executable, "prefix": sys.prefix,
    "group": os.getpgid(0), "session": os.getsid(0), "limits": resource.getrlimit(7),
    "tests": [name for name in sys.modules if name.partition(".")[0] in ("tests", "pytest")],
    "argument": sys.stdin.read() if "read" in sys.argv else None,
}, indent=1))
"""


def test_what_a_script_sees_is_the_same(tmp_path: Path) -> None:
    """Of itself, of its streams and descriptors, of signals, loggers and threads."""
    (tmp_path / "below").mkdir()
    arguments = script(tmp_path / "below", SEEN)
    done = same([*arguments, "--some", "\u20ac", "\udcff"])
    assert json.loads(done.stdout)["tests"] == []
    env = {"ONLY": "this", **{key: value for key, value in os.environ.items() if key[:2] != "A_"}}
    done = same(arguments, cwd=tmp_path, env={**env, "A_ODD": "\udcff"})
    assert json.loads(done.stdout)["cwd"] == str(tmp_path)
    (tmp_path / "link.py").symlink_to(tmp_path / "below" / "script.py")
    same([sys.executable, "link.py"], cwd=tmp_path)
    with (tmp_path / "out").open("w+b") as out, (tmp_path / "below" / "script.py").open() as text:
        same([*arguments, "read"], stdout=out, stdin=text)
        same(arguments, stdin=subprocess.DEVNULL)
    assert (tmp_path / "out").stat().st_size > len(done.stdout)


@pytest.fixture
def endless(tmp_path: Path) -> list[str]:
    """The command line of a run with more output than any pipe holds."""
    config = {"pages": 400, "page_size": 5, "record_bytes": 20_000}
    return command(write_json(tmp_path / "c.json", config))


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGHUP])
def test_a_signal_does_the_same(endless: list[str], signum: signal.Signals) -> None:
    """With the pipe full, so that it is there in the midst of the same write."""

    def act(fresh: bool) -> Finished:  # noqa: FBT001 - as `both` calls it
        started = Started(endless, fresh=fresh)
        started.take(1)
        started.await_full_pipe()
        started.process.send_signal(signum)
        done = started.finish()
        return Finished(done.code, done.stdout[:IN_ANY_PIPE], done.stderr)

    code = both(act).code
    assert code == {signal.SIGTERM: 143, signal.SIGINT: 130}.get(signum, -signum)


@pytest.mark.parametrize("pause", [0.0, 0.002, 0.02])
def test_a_signal_that_comes_at_once_is_heard(endless: list[str], pause: float) -> None:
    """None is lost while the fork is not yet the command; nothing of the server is seen."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        started = Started(endless)
        time.sleep(pause)
        started.process.send_signal(signum)
        done = started.finish(LIMIT_SECONDS)
        # As Python dies of it, or as the tap ends by it.
        assert done.code in {-signum, 128 + signum}


def test_a_reader_that_goes_away_is_the_same(endless: list[str], tmp_path: Path) -> None:
    """For a tap, and for a script that prints and dies of it as it ends."""

    def act(fresh: bool) -> Finished:  # noqa: FBT001 - as above
        started = Started(endless, fresh=fresh)
        started.take(1000)
        started.hang_up()
        return started.finish(LIMIT_SECONDS)

    def printing(fresh: bool) -> Finished:  # noqa: FBT001 - as above
        # It sleeps until nobody reads any more: what it printed is written at its end.
        started = Started(script(tmp_path, "import time\nprint(1)\ntime.sleep(0.5)"), fresh=fresh)
        started.hang_up()
        return started.finish(LIMIT_SECONDS)

    assert both(act).code == 141
    assert both(printing).code in {1, 120}  # the latter where its stdout has a buffer


def test_a_pipe_that_does_not_block_is_the_same(tmp_path: Path) -> None:
    """It gets every byte."""
    config = write_json(tmp_path / "c.json", {"pages": 4, "page_size": 5, "record_bytes": 20_000})

    def act(fresh: bool) -> Finished:  # noqa: FBT001 - as above
        started = Started(command(config), fresh=fresh, blocking=False)
        started.await_full_pipe()
        return started.finish()

    assert len(both(act).stdout) > 2 * 4 * 5 * 20_000


def test_nothing_of_a_command_is_left_for_the_next_one(tmp_path: Path) -> None:
    """Neither what it changed in modules and environment, nor the modules beside it."""
    text = """
import os, sys, bizon_singer, logging
import beside
print(getattr(bizon_singer, "mark", None), beside.mark, os.environ.get("MARK"), sys.path[1:2],
      logging.root.handlers, os.getcwd())
bizon_singer.mark = beside.mark = os.environ["MARK"] = "left"
logging.basicConfig()
sys.path.insert(1, "left")
os.chdir("/")
"""
    arguments = script(tmp_path, text)
    (tmp_path / "beside.py").write_text("mark = 'first'")
    first = run(arguments).stdout
    assert first.startswith(b"None first None")
    assert run(arguments).stdout == first
    (tmp_path / "beside.py").write_text("mark = 'second time'")
    assert run(arguments).stdout == first.replace(b"first", b"second time")


@pytest.fixture
def asleep(tmp_path: Path) -> Iterator[Forked]:
    """A command that sleeps."""
    process = Forked(script(tmp_path, "import time\ntime.sleep(600)"))
    yield process
    process.kill()


def test_what_runs_is_waited_for_so_long_only(asleep: Forked) -> None:
    """As by subprocess."""
    assert asleep.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        asleep.wait(0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        run(list(asleep.args), timeout=0.3)
    asleep.kill()
    assert asleep.wait(LIMIT_SECONDS) == -signal.SIGKILL
    assert asleep.poll() == -signal.SIGKILL


def state_of(pid: int) -> str:
    """Return the letter Linux has for what a process does; nothing if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def await_state(pid: int, letters: str) -> None:
    """Wait until a process is in one of some states."""
    end = time.monotonic() + LIMIT_SECONDS
    while state_of(pid) not in letters:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_pid_is_not_free_before_the_test_has_done_with_it(tmp_path: Path) -> None:
    """A signal cannot reach another process: its zombie is there as long as the object is."""
    process = Forked(script(tmp_path, ""))
    assert process.wait(LIMIT_SECONDS) == 0
    pid = process.pid
    process.send_signal(signal.SIGKILL)
    time.sleep(0.2)  # a server that would let go of it has done so by then
    assert state_of(pid) == "Z"
    assert process.wait() == 0
    del process
    await_state(pid, "RSD")  # gone, or another one's by now


TESTS_PROCESS = """
import sys, time
from tests.process.forked import Forked
kept = [Forked([sys.executable, sys.argv[1]]) for _ in range(2)]
time.sleep(600 if sys.argv[2] == "killed" else 1)
"""


@pytest.mark.parametrize("end", ["killed", "by itself"])
def test_nothing_outlives_the_process_of_the_tests(tmp_path: Path, end: str) -> None:
    """However it ends, its server ends, and so does what runs."""
    arguments = script(
        tmp_path, "import os, time\nprint(os.getpid(), os.getppid(), flush=True)\ntime.sleep(600)"
    )
    started = Started(
        [sys.executable, "-c", TESTS_PROCESS, arguments[1], end],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    told = b""
    while told.count(b"\n") < 2:
        told += started.take(100)
    if end == "killed":
        started.process.kill()
    started.finish(LIMIT_SECONDS)  # the end of stdout: nobody has it any more
    (first, server), (second, _) = (map(int, line.split()) for line in told.splitlines())
    for pid in (first, second, server):
        await_state(pid, "Z" if pid != server and state_of(pid) else "")


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([sys.executable, "-c", "pass"], {}),
        ([sys.executable, "-m", "json.tool"], {}),
        ([sys.executable], {}),
        (["/usr/bin/env", "true"], {}),
        (["tap-dummy"], {}),
        (["sh", "-c", DUMMY], {}),
        ([DUMMY], {"preexec_fn": os.getpid}),
        ([DUMMY], {"text": True}),
        ([DUMMY], {"env": {**os.environ, "TZ": "Asia/Tokyo"}}),
        ([DUMMY], {"env": {**os.environ, "PYTHONPATH": "/nowhere"}}),
        ([DUMMY], {"env": {**os.environ, "LC_ALL": "C"}}),
    ],
)
def test_where_a_start_matters_nothing_is_forked(
    arguments: list[str], options: dict[str, Any]
) -> None:
    """What is no script of this Python, or needs what only a start can give."""
    assert not is_same_forked(arguments, **options)


def test_all_are_started_afresh_if_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a variable, for a whole run of tests."""
    assert is_same_forked([DUMMY])
    monkeypatch.setenv("FRESH_STARTS", "1")
    assert not is_same_forked([DUMMY])

"""A source as a process of its own, so that it can be killed.

The class is named by its module and name, and imported there with the path of this process; one of
a source file is named by the file, and loaded there as it was here.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from bizon_singer import stdout
from bizon_singer.cli import exit_with, tap_name
from bizon_singer.cli import main as run_main
from bizon_singer.loader import file_of, load_source_file
from bizon_singer.testing.subject import Subject

SUFFIX = ".py"
"""What the name of a file ends in, and that of a module never."""
LIMIT_SECONDS = 300
"""A process that takes longer hangs."""
HASH_SEEDS = 8
MAX_CATALOGS = 2
SHOW_KEPT_ORDERS = """
import json, sys
def kept(names):  # of two with one place in the table, the first that comes has it
    return names in (list(set(names)), list(set(names[::-1])))
print([number for number, names in enumerate(json.load(sys.stdin)) if kept(names)])
"""


def importable(source_class: type[Any]) -> bool:
    """Tell whether another process can import a class."""
    module = sys.modules.get(source_class.__module__)
    return (
        source_class.__module__ != "__main__"
        and getattr(module, source_class.__qualname__, None) is source_class
        and getattr(module, "__spec__", None) is not None
    )


def killed_after(last_byte: int, subject: Subject) -> bytes:
    """Kill the tap of a source (SIGKILL) as it writes a certain byte; return all it wrote."""
    with _started(subject, last_byte=last_byte) as tap:
        return _output_of(tap)


def catalogs_of(subject: Subject, unlike: Mapping[str, Any]) -> Iterator[Any]:
    """Discover in other processes; yield the catalogs, None where there is none.

    Two names of a set have the same order under every second hash seed: left to chance, a fault
    would be seen in one run of the kit and not in the next.

    Args:
        subject: The source.
        unlike: A catalog. Were its names in sets, they would be in another order somewhere here.
    """
    for seed in _seeds_unlike(unlike):
        with _started(subject, question="--discover", PYTHONHASHSEED=str(seed)) as tap:
            found = _output_of(tap)
        yield json.loads(found) if found else None


def _seeds_unlike(catalog: Mapping[str, Any]) -> list[int]:
    """Return hash seeds that together turn each order of names in a catalog round."""
    streams = catalog["streams"]
    orders = [[entry["tap_stream_id"] for entry in streams]]
    orders += [list(entry["schema"].get("properties", {})) for entry in streams]
    orders += [list(entry.get("key_properties", ())) for entry in streams]
    told = json.dumps([names for names in orders if len(names) > 1])
    kept = [set(_orders_kept(seed, told)) for seed in range(HASH_SEEDS)]
    chosen = [min(range(HASH_SEEDS), key=lambda seed: len(kept[seed]))]
    left = kept[chosen[0]]
    while left and len(chosen) < MAX_CATALOGS:
        chosen.append(min(range(HASH_SEEDS), key=lambda seed: len(kept[seed] & left)))
        left = left & kept[chosen[-1]]
    return chosen


def _orders_kept(seed: int, orders: str) -> list[int]:
    """Return which orders are those of sets under a hash seed, by their numbers."""
    done = subprocess.run(  # noqa: S603 - the interpreter of this process
        [sys.executable, "-S", "-c", SHOW_KEPT_ORDERS],
        input=orders,
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
    )
    return list(json.loads(done.stdout))


def whole_run(subject: Subject) -> tuple[bytes, bytes]:
    """Run the tap of a source to its end, at the level debug; return its stdout and stderr."""
    with tempfile.TemporaryFile() as log:
        with _started(subject, log, TAP_LOGLEVEL="DEBUG", LOGLEVEL="DEBUG") as tap:
            written = _output_of(tap)
            tap.wait()
        log.seek(0)
        return written, log.read()


def _output_of(tap: subprocess.Popen[bytes]) -> bytes:
    assert tap.stdout is not None  # noqa: S101 - it is a pipe
    return tap.stdout.read()


@contextlib.contextmanager
def _started(
    subject: Subject,
    log: IO[bytes] | int = subprocess.DEVNULL,
    *,
    question: str | None = None,
    last_byte: int = 0,
    **environment: str,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the tap of a source; kill it if it is still there at the end.

    Args:
        subject: The source.
        log: Where its stderr goes.
        question: An option that is answered instead of a run.
        last_byte: The one it is killed with, counted from 1; 0 for none.
        environment: Added to this process's.
    """
    source_class = subject.source_class
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--config", _written(folder, "config", subject.settings)]
        if question is not None:
            arguments.append(question)
        elif subject.catalog is not None:
            arguments += ["--catalog", _written(folder, "catalog", subject.catalog)]
        module = file_of(source_class) or source_class.__module__
        place = [module, source_class.__qualname__, str(last_byte)]
        path = os.pathsep.join(filter(None, sys.path))
        tap = subprocess.Popen(  # noqa: S603 - the interpreter of this process
            [sys.executable, "-m", "bizon_singer.testing.process", *place, *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONPATH": path, **environment},
        )
        limit = threading.Timer(LIMIT_SECONDS, tap.kill)
        limit.start()
        try:
            yield tap
        finally:
            limit.cancel()
            tap.kill()
            tap.communicate()


def _written(folder: str, name: str, value: Any) -> str:
    path = Path(folder) / f"{name}.json"
    path.write_text(json.dumps(value))
    return str(path)


class _LastWords(stdout.Writer):
    """Writes to another writer, and kills the process with a certain byte.

    Killed from outside, a process whose output a pipe holds would have come to its end before.
    """

    def __init__(self, inner: stdout.Writer, last_byte: int) -> None:
        super().__init__(-1)
        self._inner = inner
        self._left = last_byte

    def write(self, lines: bytes) -> None:
        """Write, as long as there is time."""
        self._inner.write(lines[: self._left])
        self._left -= len(lines)
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run the tap of the class that the command line names."""
    module, name, last_byte, *arguments = sys.argv[1:]
    written = contextlib.ExitStack()

    def make(_arguments: Sequence[str]) -> Any:
        from bizon_singer.tap import tap_for  # noqa: PLC0415 - after stdout is claimed

        if int(last_byte):
            writer = _LastWords(stdout.current(), int(last_byte))
            written.enter_context(stdout.replaced_by(writer))
        is_file = module.endswith(SUFFIX)
        holder = load_source_file(module) if is_file else importlib.import_module(module)
        source_class = getattr(holder, name)
        return tap_for(tap_name(source_class), [source_class])

    with written:
        exit_with(run_main(make, arguments))


if __name__ == "__main__":
    main()

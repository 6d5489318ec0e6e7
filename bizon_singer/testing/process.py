"""A source as a process of its own, so that it can be killed.

The class is named by its module and name, and imported there with the path of this process; one of
a source file is named by the file, and loaded there as it was here.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from bizon_singer.cli import exit_with, tap_name
from bizon_singer.cli import main as run_main
from bizon_singer.loader import file_of, load_source_file
from bizon_singer.testing.subject import Subject

SUFFIX = ".py"
"""What the name of a file ends in, and that of a module never."""
LIMIT_SECONDS = 300
"""A process that takes longer hangs."""


def importable(source_class: type[Any]) -> bool:
    """Tell whether another process can import a class."""
    module = sys.modules.get(source_class.__module__)
    return (
        source_class.__module__ != "__main__"
        and getattr(module, source_class.__qualname__, None) is source_class
        and getattr(module, "__spec__", None) is not None
    )


def killed_after(count: int, subject: Subject) -> bytes:
    """Kill the tap of a source (SIGKILL) once so many bytes are read; return all it wrote."""
    with _started(subject, subprocess.DEVNULL) as tap:
        assert tap.stdout is not None  # noqa: S101 - it is a pipe
        written = tap.stdout.read(count)
        tap.kill()
        return written + tap.stdout.read()


def log_of(subject: Subject) -> bytes:
    """Run the tap of a source to its end, at the level debug; return its stderr."""
    with tempfile.TemporaryFile() as log:
        with _started(subject, log, TAP_LOGLEVEL="DEBUG", LOGLEVEL="DEBUG") as tap:
            assert tap.stdout is not None  # noqa: S101 - it is a pipe
            while tap.stdout.read(1 << 16):
                pass
            tap.wait()
        log.seek(0)
        return log.read()


@contextlib.contextmanager
def _started(
    subject: Subject, log: IO[bytes] | int, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the tap of a source; kill it if it is still there at the end."""
    source_class = subject.source_class
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--config", _written(folder, "config", subject.settings)]
        if subject.catalog is not None:
            arguments += ["--catalog", _written(folder, "catalog", subject.catalog)]
        module = file_of(source_class) or source_class.__module__
        place = [module, source_class.__qualname__]
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


def main() -> None:
    """Run the tap of the class that the command line names."""
    module, name, *arguments = sys.argv[1:]

    def make(_arguments: Sequence[str]) -> Any:
        from bizon_singer.tap import tap_for  # noqa: PLC0415 - after stdout is claimed

        is_file = module.endswith(SUFFIX)
        holder = load_source_file(module) if is_file else importlib.import_module(module)
        source_class = getattr(holder, name)
        return tap_for(tap_name(source_class), [source_class])

    exit_with(run_main(make, arguments))


if __name__ == "__main__":
    main()

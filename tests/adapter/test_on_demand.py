"""The Singer SDK is what it always was, and only what is asked of it is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("singer_sdk.target_base", "singer_sdk.streams.rest", "joblib", "multiprocessing.pool")


def python(code: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, where nothing is imported yet."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("tap", ["dummy", "pokeapi", "hubspot", "notion"])
def test_a_tap_imports_nothing_of_targets(tap: str) -> None:
    """They are what makes the SDK's own import long."""
    done = python(f"import sys, bizon_taps.{tap}.tap; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    assert "singer_sdk.tap_base" in done.stdout.split()
    assert not set(HEAVY) & set(done.stdout.split())


@pytest.mark.parametrize("first", ["bizon_singer", "singer_sdk"])
@pytest.mark.parametrize(
    "code",
    [
        "from singer_sdk import Stream, Tap, Target, RESTStream, typing",
        "from singer_sdk.streams import GraphQLStream, RESTStream, Stream",
        "import singer_sdk.streams.rest; singer_sdk.streams.RESTStream",
        "from singer_sdk import Sink, sinks; assert Sink is sinks.Sink",
        "from singer_sdk import *; Target, streams.GraphQLStream",
        "import singer_sdk; singer_sdk.__file__, singer_sdk.__path__, singer_sdk.Tap",
        "import singer_sdk as s; from bizon_singer import tap; assert s.Tap in tap.SourceTap.mro()",
        "import importlib, singer_sdk; importlib.reload(singer_sdk); singer_sdk.Target",
        "import singer_sdk.testing; singer_sdk.testing.get_tap_test_class",
    ],
)  # fmt: skip
def test_every_way_to_its_names_works(first: str, code: str) -> None:
    """Before this package or after it."""
    done = python(f"import {first}\n{code}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("package", ["singer_sdk", "singer_sdk.streams"])
def test_what_is_not_there_is_told_as_ever(package: str) -> None:
    """By the words of Python."""
    for code in (f"import {package}; {package}.Nothing", f"from {package} import Nothing"):
        done = python(f"import bizon_singer, {package}\n{code}")
        plain = python(f"import {package}\n{code}")
        assert done.returncode == plain.returncode == 1
        assert done.stderr.splitlines()[-1] == plain.stderr.splitlines()[-1]


def test_two_threads_run_its_code_once() -> None:
    """Both find the name."""
    code = """
import bizon_singer, singer_sdk, threading
found = []
threads = [threading.Thread(target=lambda: found.append(singer_sdk.Target)) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(found) == 8 and len(set(found)) == 1
"""
    done = python(code)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_package_that_fails_says_so_each_time(tmp_path: Path) -> None:
    """And not, from the second time on, that it has no such name."""
    (tmp_path / "failing").mkdir()
    (tmp_path / "failing" / "__init__.py").write_text("import no_such_module\n")
    code = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from bizon_singer.on_demand import import_on_demand
import_on_demand(["failing", "not_installed", "failing"])
import failing
for _ in range(2):
    try:
        failing.name
    except ModuleNotFoundError as error:
        print(error.name)
"""
    done = python(code)
    assert (done.stdout.split(), done.stderr) == (["no_such_module"] * 2, "")

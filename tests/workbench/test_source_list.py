"""bizon-singer source list: what is installed, found by entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.workbench.installed import GROUP, UnavailableTapError, installed_taps
from tests.workbench.desk import answer, desk, lines

EVENTS = "creatures", "plants", "events"


def test_every_installed_source_is_a_line() -> None:
    """Its name, its command, how many streams, how they are read, and what it is."""
    done = desk("source", "list")
    assert done.code == 0
    assert done.stderr == ""
    head, *rows = lines(done)
    assert head == "SOURCE COMMAND STREAMS READS WHAT IT IS"
    assert rows == sorted(rows)
    (dummy,) = [row for row in rows if row.startswith("dummy ")]
    assert dummy.startswith("dummy tap-dummy 3 incremental Made-up data")
    (hubspot,) = [row for row in rows if row.startswith("hubspot ")]
    assert "+ incremental" in hubspot  # an account has streams of its own besides


def test_a_program_gets_the_same_as_json() -> None:
    """With the names of the streams."""
    done = desk("source", "list", "--json")
    sources = {item["name"]: item for item in answer(done)["sources"]}
    assert sources["dummy"]["streams"] == list(EVENTS)
    assert sources["dummy"]["package"] == "bizon-singer"
    assert sources["dummy"]["has_own_streams"] is False
    assert sources["hubspot"]["has_own_streams"] is True
    assert {item["unavailable"] for item in sources.values()} == {None}


def test_every_command_that_is_a_tap_is_an_installed_source() -> None:
    """A tap added to the package without its entry point would be listed nowhere."""
    scripts = [item for item in entry_points(group="console_scripts") if _is_ours(item)]
    commands = {item.name for item in scripts if item.name.startswith("tap-")} - {"tap-bizon"}
    assert {tap.load().name for tap in installed_taps().values()} == commands


def _is_ours(entry: Any) -> bool:
    return entry.dist is not None and entry.dist.name == "bizon-singer"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a package that registers a source."""
    monkeypatch.syspath_prepend(str(tmp_path))
    name, target = "zebras", "zebras_tap:TapZebras"
    info = tmp_path / f"{name}-1.0.dist-info"
    info.mkdir()
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nProvides-Extra: {name}\n"
    (info / "METADATA").write_text(about)
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {target}\n")
    return tmp_path


def test_a_package_of_ones_own_registers_its_sources(installed: Path) -> None:
    """One entry point, and the source has a name everywhere."""
    (installed / "zebras_tap.py").write_text(
        "from bizon_singer.tap import tap_for\n"
        "from bizon_taps.dummy.source import DummySource\n"
        "TapZebras = tap_for('tap-zebras', [DummySource], description='Zebras.')\n"
    )
    assert lines(desk("source", "list"))[-1] == "zebras tap-zebras 3 incremental Zebras."
    assert desk("preview", "plants", "--source", "zebras").code == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import no_such_client", "needs the module no_such_client, which is not installed"),
        ("raise RuntimeError('of old')", "cannot be imported (RuntimeError: of old)"),
        ("TapZebras = 3", "leads to no SourceTap"),
        ("", "cannot be imported (AttributeError"),
    ],
)
def test_a_source_that_cannot_be_used_says_why(installed: Path, code: str, words: str) -> None:
    """It is listed with the reason, does not hide the others, and is refused when it is named."""
    (installed / "zebras_tap.py").write_text(code)
    done = desk("source", "list")
    assert done.code == 0
    row = lines(done)[-1]
    assert row.startswith("zebras tap-zebras - - not available: ")
    assert words in row
    assert any(line.startswith("dummy ") for line in lines(done))
    refused = desk("stream", "list", "zebras")
    assert (refused.code, refused.stdout) == (2, b"")
    assert words in refused.last_line


def test_a_missing_client_is_installed_by_its_extra(installed: Path) -> None:
    """Where the package has an extra of the source's name, that is what to install."""
    (installed / "zebras_tap.py").write_text("import no_such_client")
    with pytest.raises(UnavailableTapError, match=r"pip install 'zebras\[zebras\]'$"):
        installed_taps()["zebras"].load()

"""bizon-singer new: what it writes works before a line of it is changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bizon_singer.errors import UsageError
from bizon_singer.workbench.new import create
from tests.commands.process import assert_refused, messages, records, script, tap, write
from tests.workbench.desk import answer, desk, lines

BIN = Path(sys.executable).parent
FILES = ["config.json", "meltano.yml", "output/.gitignore"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new source called web-shop."""
    create("web-shop", tmp_path / "web-shop")
    return tmp_path / "web-shop"


def test_the_files_are_named_and_what_to_do_next(tmp_path: Path) -> None:
    """Paths on stdout, the next steps on stderr; with --json, one document."""
    done = desk("new", "web-shop", cwd=tmp_path)
    assert done.code == 0
    written = ["web_shop_source.py", "test_web_shop_source.py", *FILES]
    assert lines(done) == [f"web-shop/{name}" for name in written]
    assert all((tmp_path / "web-shop" / name).is_file() for name in written)
    assert "In web-shop:\n  tap-bizon --config config.json\n" in done.stderr
    assert "bizon-singer test web_shop_source.py -c config.json\n" in done.stderr
    assert "meltano run tap-web-shop target-jsonl\n" in done.stderr
    found = answer(desk("new", "tap-quakes", "--folder", "here/there", "--json", cwd=tmp_path))
    assert found["folder"] == "here/there"
    assert (tmp_path / "here" / "there" / "quakes_source.py").is_file()


def test_its_test_passes(project: Path) -> None:
    """By `pytest`, in its folder."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout.decode()


def test_its_tap_runs(project: Path) -> None:
    """By tap-bizon with its config, and by the file itself; the same records."""
    done = tap("tap-bizon", "--config", "config.json", cwd=project)
    assert done.code == 0, done.stderr
    assert [record["id"] for record in records(done, "items")] == [1, 2, 3]
    config = write(project / "own.json", {})
    alone = script(project / "web_shop_source.py", "--config", config)
    assert records(alone) == records(done)
    state = write(project / "state.json", messages(done)[-1]["value"])
    again = tap("tap-bizon", "--config", "config.json", "--state", state, cwd=project)
    assert (again.code, records(again)) == (0, [])


def test_nothing_is_wrong_with_it(project: Path) -> None:
    """Neither for lint and check, nor for ruff and mypy."""
    done = desk("lint", "web_shop_source.py", "-c", "config.json", cwd=project)
    assert (done.code, done.stdout, done.stderr) == (0, b"", "")
    done = desk("check", "config.json", cwd=project)
    assert (done.code, done.stderr) == (0, "")
    rules = "E,F,I,UP,B,SIM,D,ANN,RUF"
    ruff = ["ruff", "check", "--isolated", "--line-length", "100", "--select", rules, "."]
    ruff += ["--config", "lint.pydocstyle.convention='google'", "--no-cache"]
    for command in (
        ruff,
        ["ruff", "format", "--isolated", "--line-length", "100", "--check", "--no-cache", "."],
        ["mypy", "--strict", "--cache-dir", os.devnull, "web_shop_source.py"],
    ):
        done_by = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=project,
            capture_output=True,
            check=False,
            timeout=300,
        )
        assert done_by.returncode == 0, done_by.stdout.decode() + done_by.stderr.decode()


def test_its_meltano_project_names_the_tap(project: Path) -> None:
    """Installed from where this package came from, run by tap-bizon with the new file."""
    plugins = yaml.safe_load((project / "meltano.yml").read_text())["plugins"]
    (extractor,) = plugins["extractors"]
    assert (extractor["name"], extractor["executable"]) == ("tap-web-shop", "tap-bizon")
    assert extractor["config"] == {"source_file_path": "$MELTANO_PROJECT_ROOT/web_shop_source.py"}
    url = extractor["pip_url"]
    assert url.startswith(("file://", "git+", "bizon-singer==")), url
    settings = {item["name"] for item in extractor["settings"]}
    assert {"source_file_path", "page_size"} <= settings


def test_a_folder_that_holds_something_is_left_alone(project: Path) -> None:
    """Nothing is overwritten; an empty folder is taken."""
    (project / "web_shop_source.py").write_text("mine")
    done = desk("new", "web-shop", cwd=project.parent)
    assert_refused(done, "'web-shop' is there already", "--folder")
    assert (project / "web_shop_source.py").read_text() == "mine"
    (project.parent / "empty").mkdir()
    create("other", project.parent / "empty")
    assert (project.parent / "empty" / "other_source.py").is_file()


NO_NAMES = ("", "Web", "1st", "a b", "a/b", "../x", "a--b", "tap-", "caf\u00e9", "test", "test-x")


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    """Before anything is written."""
    with pytest.raises(UsageError, match="is no name of a source"):
        create(name, tmp_path / "here")
    assert not (tmp_path / "here").exists()


def test_a_refused_name_is_a_sentence(tmp_path: Path) -> None:
    """That says what a name may be."""
    assert_refused(desk("new", "We b", cwd=tmp_path), "'We b' is no name", "such as quakes")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """With the reason."""
    (tmp_path / "file").write_text("")
    assert_refused(desk("new", "quakes", "-f", "file/below", cwd=tmp_path), "Not a directory")
    assert_refused(desk("new", "quakes", "-f", "file", cwd=tmp_path), "is there already")

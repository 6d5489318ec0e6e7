"""`from bizon.source… import …` works in a source file, and nowhere else."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bizon_singer import bizon_import
from bizon_singer.source import models
from tests.adapter.source_files import HEAD, as_in_a_new_process, load, refusal
from tests.commands.process import source_file


@pytest.fixture(autouse=True)
def _as_in_a_new_process() -> Iterator[None]:
    """Let no test see what another has loaded."""
    with as_in_a_new_process():
        yield


@pytest.mark.parametrize(
    ("statement", "expression"),
    [
        ("from bizon.source.models import SourceRecord", "SourceRecord"),
        ("from bizon.source.models import SourceRecord as R", "R"),
        ("import bizon.source.models", "bizon.source.models.SourceRecord"),
        ("import bizon.source.models as m", "m.SourceRecord"),
        ("import bizon", "bizon.source.models.SourceRecord"),
        ("from bizon import source", "source.models.SourceRecord"),
        ("from bizon.source import models", "models.SourceRecord"),
        ("from bizon.source import models as m", "m.SourceRecord"),
        ("from bizon.source.models import *", "SourceRecord"),
        ("m = __import__('bizon.source.models', fromlist=['SourceRecord'])", "m.SourceRecord"),
        ("exec('from bizon.source.models import SourceRecord')", "SourceRecord"),
    ],
)
def test_every_form_of_import_gives_our_class(
    tmp_path: Path, statement: str, expression: str
) -> None:
    """However a file imports a name of Bizon, it gets the one that plays its part here."""
    module = load(tmp_path, f"{statement}\nfound = {expression}\n")
    assert module.found is models.SourceRecord


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("auth.builder", "AuthBuilder"),
        ("auth.config", "AuthConfig"),
        ("auth.config", "AuthType"),
        ("auth.authenticators.basic", "BasicHttpAuthParams"),
        ("auth.authenticators.cookies", "CookiesAuthParams"),
        ("auth.authenticators.oauth", "Oauth2AuthParams"),
        ("auth.authenticators.token", "TokenAuthParams"),
        ("callback", "AbstractSourceCallback"),
        ("config", "SourceConfig"),
        ("config", "SourceSyncModes"),
        ("models", "SourceIncrementalState"),
        ("session", "Session"),
        ("source", "AbstractSource"),
        ("source", "SourceIteration"),
        ("source", "SourceIncrementalState"),
    ],
)
def test_every_name_sources_in_the_wild_import_is_there(
    tmp_path: Path, module: str, name: str
) -> None:
    """The names found in public Bizon sources, also those its modules merely pass on."""
    load(tmp_path, f"from bizon.source.{module} import {name}\n")


def test_imports_work_inside_methods_and_threads(tmp_path: Path) -> None:
    """A lazy import finds the same names after loading, in any thread."""
    module = load(
        tmp_path,
        """
        import threading

        def in_function():
            from bizon.source.models import SourceIteration
            return SourceIteration

        def in_thread():
            found = []
            thread = threading.Thread(target=lambda: found.append(in_function()))
            thread.start()
            thread.join()
            return found[0]

        async def in_coroutine():
            import bizon.source.models as m
            return m.SourceIteration
        """,
    )
    assert module.in_function() is module.in_thread() is models.SourceIteration
    coroutine = module.in_coroutine()
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    assert stopped.value.value is models.SourceIteration


def test_bizon_is_seen_by_nobody_else(tmp_path: Path) -> None:
    """Loading a source leaves no trace of a package bizon for other code to find."""
    load(tmp_path, HEAD + "import bizon.source.auth.authenticators.token\n")
    assert not [name for name in sys.modules if name.partition(".")[0] == "bizon"]
    assert importlib.util.find_spec("bizon") is None
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("bizon.source.models")


def test_files_beside_it_may_import_bizon_too(tmp_path: Path) -> None:
    """Modules, packages, their submodules and folders without __init__.py beside the file work."""
    for path in ("side_module", "side_package/__init__", "side_package/inner", "side_folder/leaf"):
        file = tmp_path / f"{path}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text("from bizon.source.models import SourceRecord\n")
    (tmp_path / "side_package/relative.py").write_text("from .inner import SourceRecord\n")
    module = load(
        tmp_path,
        """
        import side_module, side_package.inner, side_folder.leaf
        from side_package.relative import SourceRecord

        def late():
            import side_late
            return side_late.SourceRecord
        """,
    )
    (tmp_path / "side_late.py").write_text("from bizon.source.models import SourceRecord\n")
    importlib.invalidate_caches()
    assert module.side_folder.leaf.SourceRecord is models.SourceRecord
    assert module.SourceRecord is module.late() is models.SourceRecord


def test_a_submodule_that_is_missing_is_missing(tmp_path: Path) -> None:
    """A package beside the file has what is in it, and no more."""
    (tmp_path / "side_empty").mkdir()
    (tmp_path / "side_empty/__init__.py").write_text("")
    assert "imports side_empty.nothing (line 1)" in refusal(tmp_path, "import side_empty.nothing")


def test_the_same_folder_is_opened_once(tmp_path: Path) -> None:
    """However often files are loaded from it."""
    load(tmp_path, HEAD)
    finders = list(sys.meta_path)
    load(tmp_path, HEAD, name="another.py")
    assert sys.meta_path == finders


def test_an_installed_module_is_never_replaced(tmp_path: Path) -> None:
    """A file named like an installed module does not take its place, here or for others."""
    (tmp_path / "colorsys.py").write_text("raise SystemExit('the wrong one')\n")
    (tmp_path / "yaml.py").write_text("raise SystemExit('the wrong one')\n")
    assert hasattr(load(tmp_path, "import colorsys, yaml\n").colorsys, "rgb_to_hls")


def test_a_virtual_environment_beside_the_file_is_left_alone(tmp_path: Path) -> None:
    """Packages that are importable anyhow do not get Bizon's names for lying in that folder."""
    package = tmp_path / "venv" / "installed_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text("found = __import__\n")
    sys.path.insert(0, str(package.parent))
    try:
        module = load(tmp_path, "import installed_package.inner as inner\n")
    finally:
        sys.path.remove(str(package.parent))
    assert module.inner.found is __import__


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("from bizon.source.models import SourceRecrd", ["did you mean `SourceRecord`", "it has"]),
        ("from bizon.source.modles import SourceRecord", ["did you mean `bizon.source.models`"]),
        ("import bizon.destination.models", ["bizon.destination", "there are bizon.source"]),
        ("from bizon.engine import config", ["bizon.engine", "without the package bizon"]),
        ("from bizon import cli", ["bizon.cli", "there are"]),
        ("import bizon; bizon.source.discover", ["bizon.source.discover"]),
        ("from bizon.source.base import AbstractSource", ["Platform", "no release", "get_records"]),
        ("import importlib; importlib.import_module('bizon.source.models')", ["import statement"]),
    ],
)
def test_a_name_we_lack_is_an_error_that_lists_what_we_have(
    tmp_path: Path, statement: str, words: list[str]
) -> None:
    """The sentence names what is missing and what there is, with the line."""
    text = refusal(tmp_path, f"import os\n{statement}\n")
    assert "line 2" in text
    for word in words:
        assert word in text, text


def test_a_name_we_lack_can_be_caught(tmp_path: Path) -> None:
    """`try: … except ImportError` around an optional import works as with any package."""
    text = """
        try:
            from bizon.source.discover import discover_all_sources
        except ImportError as error:
            missing = error.name
    """
    assert load(tmp_path, text).missing == "bizon.source.discover"


def test_a_real_bizon_is_used_when_there_is_one(tmp_path: Path) -> None:
    """With bizon installed its own modules are imported, and ours stay out."""
    package = tmp_path / "site" / "bizon" / "source"
    package.mkdir(parents=True)
    (package / "source.py").write_text("class AbstractSource:\n    real = True\n")
    file = source_file(
        tmp_path,
        text="from bizon.source.source import AbstractSource\nassert AbstractSource.real\n",
    )
    code = f"from bizon_singer.loader import load_source_file; load_source_file({file!r})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_a_folder_named_bizon_is_no_bizon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any folder of that name makes `bizon` importable; only its modules prove the package."""
    (tmp_path / "bizon" / "source").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    bizon_import.real_bizon_is_installed.cache_clear()
    try:
        assert load(tmp_path / "elsewhere", HEAD).SourceRecord is models.SourceRecord
    finally:
        monkeypatch.undo()
        bizon_import.real_bizon_is_installed.cache_clear()

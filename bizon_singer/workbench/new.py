"""``bizon-singer new NAME``: a folder with a source, its test and a Meltano project.

All of it works before a line is changed: the source reads a list of its own, so there is something
to run, to test and to load, and each change shows at once what it breaks.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from string import Template
from uuid import uuid4

import click

from bizon_singer.errors import UsageError
from bizon_singer.redact import excerpt
from bizon_singer.workbench.answer import json_option, write_json, write_lines

PACKAGE = "bizon-singer"
TEMPLATES = "bizon_singer.workbench.templates"
NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
SHOWN_CHARACTERS = 80
FILES = {
    "${module}.py": "source.py.txt",
    "test_${module}.py": "test.py.txt",
    "config.json": "config.json.txt",
    "meltano.yml": "meltano.yml.txt",
    "output/.gitignore": "gitignore.txt",
}
"""Templates by the path of what is made of them."""
NEXT_STEPS = """\
It works as it is. In ${folder}:
  tap-bizon --config config.json
  bizon-singer preview items -c config.json
  bizon-singer test ${module}.py -c config.json
  pytest                                          the same rules (pip install pytest)
  meltano install && meltano run tap-${name} target-jsonl
"""


def create(name: str, folder: Path) -> list[Path]:
    """Write the files of a new source and return their paths.

    Args:
        name: What the source is called, such as ``quakes``.
        folder: Where they are written; it must not hold anything yet.

    Raises:
        UsageError: The name is none, or the folder cannot be used.
    """
    words = _words(name)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{str(folder)!r} is there already; give another --folder")
        written = []
        for path, template in FILES.items():
            target = folder / Template(path).substitute(words)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = files(TEMPLATES).joinpath(template).read_text(encoding="utf-8")
            target.write_text(Template(text).substitute(words), encoding="utf-8")
            written.append(target)
    except OSError as error:
        raise UsageError(
            f"{str(folder)!r} cannot be written ({error.strerror}); give another --folder"
        ) from error
    return written


def _words(name: str) -> dict[str, str]:
    """Return what stands in the templates for a name.

    Raises:
        UsageError: It is none.
    """
    stem = name.removeprefix("tap-")
    if not NAME.fullmatch(stem):
        raise UsageError(
            f"{excerpt(name, SHOWN_CHARACTERS)!r} is no name of a source; write it in small "
            "letters, digits and - between them, such as quakes or web-shop"
        )
    module = stem.replace("-", "_")
    if f"{module}_".startswith("test_"):
        raise UsageError(
            f"{stem!r} is no name of a source, because pytest would take its file for a test; "
            "choose another one"
        )
    title = stem.replace("-", " ").replace("_", " ").capitalize()
    return {
        "name": stem,
        "module": f"{module}_source",  # no module of Python's own is called so
        "module_name": module,
        "class_name": "".join(part.capitalize() for part in re.split("[-_]", stem)),
        "title": title,
        "pip_url": _pip_url(),
        "project_id": str(uuid4()),
    }


def _pip_url() -> str:
    """Return what pip is told to install this package from where it was installed from.

    See https://packaging.python.org/en/latest/specifications/direct-url/.
    """
    package = distribution(PACKAGE)
    text = package.read_text("direct_url.json")
    if text is None:
        return f"{PACKAGE}=={package.version}"
    origin = json.loads(text)
    if "vcs_info" in origin:
        return f"{origin['vcs_info']['vcs']}+{origin['url']}@{origin['vcs_info']['commit_id']}"
    return str(origin["url"])


@click.command(short_help="Write a new source, its test and a Meltano project.")
@click.argument("name")
@click.option(
    "--folder",
    "-f",
    metavar="PATH",
    help="Where to write it; a folder of the source's name if unset. It must be new or empty.",
)
@json_option
def command(name: str, folder: str | None, *, as_json: bool) -> None:
    """Write a source called NAME, its test, its config and a Meltano project, all of which work.

    NAME is what the source reads, such as quakes: the tap is then tap-quakes.
    """
    place = Path(folder if folder is not None else name.removeprefix("tap-"))
    written = [str(path) for path in create(name, place)]
    if as_json:
        write_json({"name": name, "folder": str(place), "files": written})
    else:
        write_lines(written)
        sys.stderr.write(Template(NEXT_STEPS).substitute(_words(name), folder=place))

"""Each rule of bizon-singer lint: it finds what it is for, and is silent once that is mended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bizon_singer.workbench.lint import Report, lint
from bizon_singer.workbench.rules import MUTATED, ONLY_FULL, RULES, Finding
from tests.adapter.source_files import as_in_a_new_process
from tests.commands.process import write
from tests.workbench.desk import source

GET = "    def get(self, pagination=None): return page(1)\n"
AFTER = "    def get_records_after(self, source_state, pagination=None): return page()\n"


def get(body: str) -> str:
    """Return a method get, its body indented as the class needs it."""
    inner = "".join(f"        {line}\n" for line in body.strip("\n").splitlines())
    return f"    def get(self, pagination=None):\n{inner}"


def one(identifier: str = "'1'", data: str = "{}", then: str = "{}") -> str:
    """Return a body of get that gives a page of one record."""
    record = f"SourceRecord(id={identifier}, data={data})"
    return get(f"return SourceIteration(records=[{record}], next_pagination={then})")


def two_pages(first: str, second: str) -> str:
    """Return a body of get that gives two pages of one record each."""
    return get(
        f"""
second = bool(pagination)
record = {second} if second else {first}
return SourceIteration(records=[record], next_pagination={{}} if second else {{"page": 2}})
"""
    )


DECLARED = """
    @classmethod
    def stream_definitions(cls):
        from bizon_singer import StreamDefinition
        return [StreamDefinition("things", REST)]
"""

READ = [
    (
        "BZ01",
        GET + "    def get_records_after(self, source_state, pagination=None): pass\n",
        GET + AFTER,
    ),
    (
        "BZ01",
        GET + DECLARED.replace("REST", "replication_key='n'"),
        GET + AFTER + DECLARED.replace("REST", "replication_key='n'"),
    ),
    (
        "BZ01",
        GET + DECLARED.replace("REST", "replication_method='INCREMENTAL'"),
        GET + DECLARED.replace("REST", "replication_method='FULL_TABLE', replication_key='n'"),
    ),
    ("BZ02", GET, GET + AFTER),
    (
        "BZ03",
        get("pagination['page'] = 2\nreturn page(1)"),
        get("pagination = dict(pagination or {})\npagination['page'] = 2\nreturn page(1)"),
    ),
    (
        "BZ03",
        get("here = pagination or {}\nhere.update(page=2)\nreturn page(1)"),
        get("here = {**(pagination or {})}\nhere.update(page=2)\nreturn page(1)"),
    ),
    (
        "BZ03",
        get("page_of = pagination.pop('page', 1)\nreturn page(page_of)"),
        get("page_of = pagination.get('page', 1)\nreturn page(page_of)"),
    ),
    (
        "BZ04",
        get("if pagination is None:\n    return page(1, then={'page': 2})\nreturn page(2)"),
        get("if not pagination:\n    return page(1, then={'page': 2})\nreturn page(2)"),
    ),
    (
        "BZ04",
        get("return page(pagination['page'] if pagination is not None else 1)"),
        get("if pagination is None:\n    pagination = {}\nreturn page(1)"),
    ),
    ("BZ05", one(then="None"), one(then="{}")),
    ("BZ05", one(then="{'page': 2} if pagination else None"), one(then="pagination and {}")),
    (
        "BZ06",
        one(then="pagination"),
        one(then="{'page': pagination.get('page', 1) + 1} if not pagination else {}"),
    ),
    ("BZ08", get("print('here')\nreturn page(1)"), get("print('here', file=None)\nreturn page(1)")),
    (
        "BZ08",
        get("import sys\nsys.stdout.write('here')\nreturn page(1)"),
        get("import sys\nsys.stderr.write('here')\nreturn page(1)"),
    ),
    (
        "BZ10",
        get("import uuid\nreturn SourceIteration({}, [SourceRecord(str(uuid.uuid4()), {})])"),
        one("str(3)"),
    ),
    ("BZ10", one("str(hash('a name'))"), one("'a name'")),
    ("BZ12", get("yield page(1)"), GET),
    ("BZ12", get("page(1)"), GET),
    ("BZ12", "    async def get(self, pagination=None): return page(1)\n", GET),
    (
        "BZ13",
        get("try:\n    return page(1)\nexcept Exception:\n    return SourceIteration({}, [])"),
        get("try:\n    return page(1)\nexcept Exception:\n    raise"),
    ),
    (
        "BZ13",
        get("try:\n    return page(1)\nexcept OSError:\n    return SourceIteration({})"),
        get(
            "try:\n    return page(1)\nexcept OSError as error:\n"
            "    if error.errno:\n        raise\n    return SourceIteration({})"
        ),
    ),
    (
        "BZ14",
        get("import requests\nrequests.get('https://example.com')\nreturn page(1)"),
        get("self.session.get('https://example.com')\nreturn page(1)"),
    ),
]
"""What is sure from the text: code, a source that breaks the rule, and the same one mended."""

LIST_OF_NUMBERS = "{'n': {'type': 'array', 'items': {'type': 'number'}}}"
RUN = [
    (
        "BZ03",
        get("self.keep(pagination)\nreturn page(1)")
        + "    def keep(self, place): place['page'] = 2\n",
        get("self.keep(dict(pagination))\nreturn page(1)")
        + "    def keep(self, place): place['page'] = 2\n",
    ),
    ("BZ05", one(then="dict().get('more')"), one(then="dict()")),
    ("BZ06", one(then="{'always': 'the same'}"), one()),
    (
        "BZ07",
        two_pages("page(1).records[0]", "page(2).records[0]").replace('"page": 2', '"at": {2, 3}'),
        two_pages("page(1).records[0]", "page(2).records[0]"),
    ),
    ("BZ07", one(data="{'n': float('nan')}"), one(data="{'n': None}")),
    (
        "BZ07",
        get("return SourceIteration({}, page(1).records, {'at': object()})"),
        get("return SourceIteration({}, page(1).records, {'at': 3})"),
    ),
    ("BZ07", one(data="{'n': object()}"), one(data="{'n': 3}")),
    ("BZ07", one(data="{'n': {3}}"), one(data="{'n': [3]}")),
    (
        "BZ07",
        one(data="{'n': [__import__('datetime').timedelta(1)]}"),
        one(data="{'n': [__import__('datetime').datetime(2026, 1, 1)]}"),
    ),
    ("BZ07", one(data="{'n': {'a': b'\\xff'}}"), one(data="{'n': {'a': 'text'}}")),
    (
        "BZ07",
        get(
            "import threading\nat = {'at': threading.Lock()}\nreturn page(1, then=at if not "
            "pagination else {})"
        ).replace("page(1,", "page(len(pagination),"),
        one(),
    ),
    (
        "BZ08",
        get("import os\nos.write(1, b'here')\nreturn page(1)"),
        get("import os\nos.write(2, b'here')\nreturn page(1)"),
    ),
    (
        "BZ08",
        get("import subprocess\nsubprocess.run(['echo', 'here'])\nreturn page(1)"),
        get("import subprocess\nsubprocess.run(['true'])\nreturn page(1)"),
    ),
    (
        "BZ09",
        two_pages("SourceRecord('1', {})", "SourceRecord('1', {'again': 1})"),
        two_pages("SourceRecord('1', {})", "SourceRecord('2', {'again': 1})"),
    ),
    (
        "BZ10",
        get("from uuid import uuid4 as new\nid = str(new())\nreturn [SourceRecord(id, {})], {}"),
        one(),
    ),
    (
        "BZ11",
        two_pages("SourceRecord('1', {'n': 1})", "SourceRecord('2', {'n': 'one'})"),
        two_pages("SourceRecord('1', {'n': 1})", "SourceRecord('2', {'n': 1.5})"),
    ),
    (
        "BZ11",
        two_pages("SourceRecord('1', {'a': {'b': []}})", "SourceRecord('2', {'a': {'b': {}}})"),
        two_pages("SourceRecord('1', {'a': {'b': []}})", "SourceRecord('2', {'a': None})"),
    ),
    (
        "BZ11",
        two_pages("SourceRecord('1', {'n': [1]})", "SourceRecord('2', {'n': ['one']})"),
        two_pages("SourceRecord('1', {'n': [1]})", "SourceRecord('2', {'n': [1.5, None]})"),
    ),
    (
        "BZ11",
        one(data="{'a': [{'b': 1}, {'b': 'one'}]}"),
        one(data="{'a': [{'b': 1}, {'c': 'one'}]}"),
    ),
    (
        "BZ11",
        DECLARED.replace("REST", f"{{'type': 'object', 'properties': {LIST_OF_NUMBERS}}}")
        + one(data="{'n': ['one']}"),
        DECLARED.replace("REST", "{'type': 'object', 'properties': {'n': {'type': 'array'}}}")
        + one(data="{'n': ['one', 1]}"),
    ),
    (
        "BZ11",
        DECLARED.replace("REST", "{'type': 'object', 'properties': {'n': {'type': 'string'}}}")
        + one(data="{'n': 1}"),
        DECLARED.replace("REST", "{'type': 'object', 'properties': {'n': {'type': 'string'}}}")
        + one(data="{'n': 'one'}"),
    ),
    ("BZ12", one("3.5"), one("3")),
    (
        "BZ12",
        GET + "    def get_records_after(self, source_state, pagination=None): return self.x\n"
        "    x = 3\n",
        GET + AFTER,
    ),
]
"""What shows when pages are read."""


def found(
    folder: Path, body: str, *, run: bool, settings: Mapping[str, Any] | None = None
) -> Report:
    """Lint a source in this process, its pages read or not.

    Each has a file of its own: Python takes one of the same second and size for the same.
    """
    name = f"source_{len(list(folder.glob('*.py')))}.py"
    configs = [write(folder / "c.json", settings or {})] if run else []
    with as_in_a_new_process():
        return lint(source(folder, body, name=name), configs, pages=3)


def codes(report: Report) -> set[str]:
    """Return the codes of what was found; no stream failed."""
    assert report.failures == []
    return {finding.rule.code for finding in report.findings}


@pytest.mark.parametrize(("code", "broken", "mended"), READ)
def test_what_the_text_shows_is_found(tmp_path: Path, code: str, broken: str, mended: str) -> None:
    """By its rule and no other, with a line; the mended source breaks none but that it is full."""
    report = found(tmp_path, broken, run=False)
    lines = {item.rule.code: item.line for item in report.findings}
    assert lines.keys() - {ONLY_FULL.code} == {code} - {ONLY_FULL.code}
    assert code in lines
    assert all(line is not None and line > 9 for line in lines.values())
    assert codes(found(tmp_path, mended, run=False)) - {ONLY_FULL.code} == set()


@pytest.mark.parametrize(("code", "broken", "mended"), RUN)
def test_what_a_run_shows_is_found(tmp_path: Path, code: str, broken: str, mended: str) -> None:
    """The text alone does not show it; read again once it is mended, nothing is found."""
    assert code not in codes(found(tmp_path, broken, run=False))
    assert codes(found(tmp_path, broken, run=True)) - {ONLY_FULL.code} == {code}
    assert codes(found(tmp_path, mended, run=True)) - {ONLY_FULL.code} == set()


def test_every_rule_is_shown_to_catch() -> None:
    """A rule no example breaks might as well not be there."""
    assert {code for code, _, _ in READ + RUN} == {rule.code for rule in RULES}
    assert all(code not in {item for item, _, _ in READ} for code in _codes_that_need_a_run())


def _codes_that_need_a_run() -> list[str]:
    return [rule.code for rule in RULES if rule.needs_run]


def test_what_only_the_program_does_is_nobodys_business(tmp_path: Path) -> None:
    """What stands below `if __name__ == "__main__":`, or in a class that is no source."""
    body = (
        GET
        + AFTER
        + (
            "\nif __name__ == '__main__':\n    print('done')\n"
            "\nclass Helper:\n    def get(self, pagination=None): pagination['x'] = 1\n"
        )
    )
    assert codes(found(tmp_path, body, run=False)) == set()


@pytest.mark.parametrize("settings", [{}, {"stream_settings": {"things": {}}}])
def test_changes_that_are_asked_for_in_vain_are_found(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    """By the sync_mode of the config: such a pipeline of Bizon hangs in its second run."""
    within = settings.get("stream_settings", {}).get("things", settings)
    within["sync_mode"] = "incremental"
    report = found(tmp_path, GET, run=True, settings=settings)
    (vain,) = [item for item in report.findings if item.rule.code == "BZ01"]
    assert vain.seen == "sync_mode incremental is asked for, but every run reads everything"
    assert codes(found(tmp_path, GET + AFTER, run=True, settings=settings)) == set()
    within["sync_mode"] = "full_refresh"
    assert codes(found(tmp_path, GET, run=True, settings=settings)) == {ONLY_FULL.code}


def test_each_place_is_told_once(tmp_path: Path) -> None:
    """What every page does is one finding, with the first page it was seen on."""
    body = get(
        """
n = (pagination or {}).get("n", 1)
record = SourceRecord(str(n), {"x": float("inf")})
return SourceIteration({"n": n + 1, "t": (1, 2)} if n < 9 else {}, [record])
"""
    )
    report = found(tmp_path, body, run=True)
    seen = [item.seen for item in report.findings if item.rule.code == "BZ07"]
    assert sorted(text.partition(" ")[0] for text in seen) == ["field", "next_pagination"]
    assert all("page 1 of get()" in text for text in seen)


def test_a_loop_is_found_however_long_it_takes(tmp_path: Path) -> None:
    """A pagination that comes back on a later page, within the pages that are read."""
    body = get("return page(1, then={'at': (pagination or {'at': 1})['at'] % 2 + 1})")
    report = found(tmp_path, body, run=True)
    (stuck,) = [item for item in report.findings if item.rule.code == "BZ06"]
    assert "page 3 gave the pagination that had led to page 2" in stuck.seen


def test_a_change_beside_what_cannot_be_copied_or_compared_is_found(tmp_path: Path) -> None:
    """By the name it was made under; a lock and an array in the pagination are no changes."""
    body = get(
        """
import threading
class Array:
    __hash__ = None
    def __eq__(self, other): raise ValueError("ambiguous")
if not pagination:
    return page(1, then={"lock": threading.Lock(), "array": Array(), "ids": [[2], [3]]})
self.take(pagination["ids"][0])
return page(2)
"""
    )
    taking = body + "    def take(self, ids): ids.pop()\n"
    (changed,) = [item for item in found(tmp_path, taking, run=True).findings if is_change(item)]
    assert changed.seen == "page 2 of get() changed the pagination: ids"
    looking = body + "    def take(self, ids): return ids[0]\n"
    assert not any(map(is_change, found(tmp_path, looking, run=True).findings))


def is_change(finding: Finding) -> bool:
    """Tell whether a finding is that a pagination was changed."""
    return finding.rule is MUTATED


def test_a_breach_the_api_commits_is_no_finding(tmp_path: Path) -> None:
    """A source that lets an error of the session through does right: the stream has failed."""
    body = get("from bizon_singer.errors import ProtocolError\nraise ProtocolError('a 404')")
    report = found(tmp_path, body, run=True)
    assert {item.rule.code for item in report.findings} == {ONLY_FULL.code}
    (failure,) = report.failures
    assert (str(failure), failure.exit_code) == ("stream 'things', page 1: a 404", 4)


def test_what_a_stream_gave_before_it_failed_is_told(tmp_path: Path) -> None:
    """A failure no rule knows hides nothing that was seen; it is the source's own."""
    body = get("if pagination: raise KeyError('x')\nreturn page(1, then={'at': (1, 2)})")
    report = found(tmp_path, body, run=True)
    assert "BZ07" in {item.rule.code for item in report.findings}
    (failure,) = report.failures
    assert "stream 'things', page 2: the source raised KeyError" in str(failure)
    assert failure.exit_code == 1

"""Z6: any Python value, as deep and odd as it likes, becomes a line that means the same.

Through whole runs and in each layout, judged by the checker: I4, I5, and that the strict reading of
the line is the value's meaning as tests/adapter/meaning.py says it a second time.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Final

from hypothesis import given
from hypothesis import strategies as st

from bizon_singer import AbstractSource, SourceIteration, SourceRecord, StreamDefinition
from bizon_singer.tap import tap_for
from bizon_singer.testing import check
from bizon_singer.testing.runs import Run, run
from tests.adapter.meaning import TwinKeysError, expected, key_of, unordered
from tests.adapter.strategies import keys, values
from tests.fuzz.examples import examples


class ValueSource(AbstractSource):
    """Gives the records of an example, two pages of them."""

    pages: ClassVar[list[list[dict[Any, Any]]]] = []
    schemas: ClassVar[dict[str, Any]] = {}

    @staticmethod
    def streams() -> list[str]:
        """One stream that declares a schema, and one that does not."""
        return ["declared", "flat"]

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Declare the schema of an example."""
        schema = {"type": "object", "properties": cls.schemas}
        return [StreamDefinition("declared", schema), StreamDefinition("flat")]

    def get(self, pagination: dict[str, Any] | None = None) -> SourceIteration:
        """Give a page."""
        number = (pagination or {}).get("page", 0)
        rows = enumerate(type(self).pages[number])
        records = [SourceRecord(f"{number}-{position}", data) for position, data in rows]
        more = number + 1 < len(type(self).pages)
        return SourceIteration({"page": number + 1} if more else {}, records)


TAP: Final = tap_for("tap-values", [ValueSource])
NAMES: Final = ("a", "b", "c")
types = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
fields: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.fixed_dictionaries(
        {}, optional={"type": types | st.lists(types, min_size=1, max_size=3, unique=True)}
    )
    | st.sampled_from(
        [{"type": "string", "format": name} for name in ("date-time", "date", "uuid", "time")]
    ),
    lambda inner: st.one_of(
        st.builds(lambda item: {"type": "array", "items": item}, inner),
        st.builds(
            lambda properties: {"type": "object", "properties": properties},
            st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
        ),
    ),
    max_leaves=4,
)
rows = st.dictionaries(st.sampled_from(NAMES) | keys, values, max_size=3)


def meaning(data: dict[Any, Any]) -> dict[str, Any]:
    """Return what a record must be read as."""
    found: dict[str, Any] = expected(data)
    return found


def read_as(value: Any) -> Any:
    """Return a value as the checker reads it, with all its numbers Decimals."""
    if isinstance(value, dict):
        return {name: read_as(item) for name, item in value.items()}
    if isinstance(value, list):
        return [read_as(item) for item in value]
    return Decimal(value) if type(value) is int else value


def data_of(done: Run, stream: str, *, is_enveloped: bool) -> list[dict[str, Any]]:
    """Return the data of the records of a stream, in order."""
    records = done.records(stream)
    if is_enveloped:
        return [record["_source_data"] for record in records]
    return [
        {name: item for name, item in record.items() if not name.startswith("_source_")}
        for record in records
    ]


@given(
    pages=st.lists(st.lists(rows, max_size=3), min_size=1, max_size=2),
    schemas=st.dictionaries(st.sampled_from(NAMES), fields, max_size=3),
    is_enveloped=st.booleans(),
)
@examples(120)
def test_any_value_is_a_line_that_means_the_same(
    pages: list[list[dict[Any, Any]]],
    schemas: dict[str, Any],
    is_enveloped: bool,  # noqa: FBT001
) -> None:
    """Or two of its keys read the same: then the pages before are out, with STATE, and code 4."""
    ValueSource.pages, ValueSource.schemas = pages, schemas
    done = run(TAP, {"envelope": is_enveloped})
    assert check(done.stdout) == []
    meant: list[dict[str, Any]] = []
    has_twins = False
    for page in pages:
        try:
            meant += [meaning(data) for data in page]
        except TwinKeysError:
            has_twins = True
            break
    assert done.code == (4 if has_twins else 0), done.sentence
    whole = [data for page in pages for data in page][: len(meant)]
    for stream in ("declared", "flat"):
        found = data_of(done, stream, is_enveloped=is_enveloped)
        if has_twins:
            assert "read the same as text" in done.sentence
        else:
            assert done.bookmark(stream)["in_progress"] is None
        assert len(found) == len(meant)
        for data, record, wanted in zip(whole, found, meant, strict=True):
            got = {name: read_as(record[name]) for name in map(key_of, data)}
            assert unordered(got, data) == wanted

"""The rules as tests: a class that pytest, or unittest, runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any
from unittest import SkipTest

from bizon_singer.errors import SourceFileError
from bizon_singer.source_class import why_no_source
from bizon_singer.testing.conformance import Rule, Status, judge
from bizon_singer.testing.rules import RULES
from bizon_singer.testing.subject import MAX_PAGES, MAX_RESUMES, Config, Subject


def get_source_test_class(
    source_class: type[Any],
    config: Config | None = None,
    *,
    streams: Collection[str] | None = None,
    max_pages: int = MAX_PAGES,
    max_resumes: int = MAX_RESUMES,
    volatile_fields: Collection[str] = (),
    volatile_state: Iterable[tuple[str, ...]] = (),
    skipped: Collection[str] = (),
) -> type[Any]:
    """Return a class with a test for each rule of a good source.

    The source is really run, many times over: give it a test account, a local server or a fake.

    Args:
        source_class: The source.
        config: Settings, as a config file has them; or a function that gives them, called once
            when the first test runs, for a server that must be up by then.
        streams: The streams to read; None for those a run without a catalog reads.
        max_pages: Pages of a stream after which it counts as endless.
        max_resumes: How many STATEs are resumed from, spread over the run.
        volatile_fields: Record fields that two runs over the same data may write differently,
            such as the time a record was fetched.
        volatile_state: Paths into the STATE value that two runs may write differently, such as
            ``("bookmarks", "*", "state", "read_until")``; ``*`` is any key.
        skipped: Names of rules that are not to be judged; say why beside them.

    Raises:
        SourceFileError: The class is no source.
        ValueError: ``skipped`` names a rule there is not.
    """
    reason = why_no_source(source_class)
    if reason is not None:
        name = getattr(source_class, "__name__", repr(source_class))
        raise SourceFileError(f"{name} {reason}; get_source_test_class() needs a source")
    unknown = sorted(set(skipped) - {rule.name for rule in RULES})
    if unknown:
        raise ValueError(f"there is no rule {unknown[0]!r}; RULES lists those there are")
    subject = Subject(
        source_class,
        {} if config is None else config,
        streams=streams,
        max_pages=max_pages,
        max_resumes=max_resumes,
        volatile_fields=frozenset(volatile_fields),
        volatile_state=tuple(volatile_state),
    )
    tests = {f"test_{rule.name}": _test_of(rule) for rule in RULES if rule.name not in skipped}
    doc = f"What holds of a good source, of {source_class.__name__}."
    return type(f"{source_class.__name__}Rules", (), {"__doc__": doc, "subject": subject, **tests})


def _test_of(rule: Rule) -> Callable[[Any], None]:
    def test(self: Any) -> None:
        outcome = judge(rule, self.subject)
        if outcome.status is Status.SKIPPED:
            raise SkipTest(outcome.seen)
        assert outcome.status is Status.PASSED, str(outcome)  # noqa: S101 - it is a test

    test.__name__ = f"test_{rule.name}"
    test.__doc__ = rule.says
    return test

"""``bizon-singer test FILE``: the rules of a good source, judged without a line of test code.

It is the conformance kit (:mod:`bizon_singer.testing`), which a test file has as
``get_source_test_class``: the same rules, in the same order, in the same words. The source is
really run, many times over: the config should be that of a test account.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click
from tqdm import tqdm

from bizon_singer import signals
from bizon_singer.config_errors import nearest
from bizon_singer.custom import PATH_SETTING, tap_of_file
from bizon_singer.errors import ProtocolError, UsageError
from bizon_singer.progress import is_watched
from bizon_singer.redact import excerpt
from bizon_singer.testing import RULES, Outcome, Rule, Status, Subject
from bizon_singer.testing.conformance import judge
from bizon_singer.testing.subject import MAX_PAGES
from bizon_singer.workbench.answer import Colour, json_option, write_json, write_lines
from bizon_singer.workbench.chosen import config_option, open_tap, read_configs, stream_of
from bizon_singer.workbench.collected import Collector
from bizon_singer.workbench.table import Cell, aligned, indented

SHOWN_CHARACTERS = 80
WORDS = {
    Status.PASSED: Cell("kept", Colour.GOOD),
    Status.FAILED: Cell("BROKEN", Colour.BAD),
    Status.SKIPPED: Cell("skipped", Colour.DOUBTFUL),
}


class BrokenRulesError(ProtocolError):
    """A source breaks rules.

    Args:
        broken: Their names, at least one.
        count: How many rules were judged.
    """

    def __init__(self, broken: Sequence[str], count: int) -> None:
        """Name them."""
        names = ", ".join(dict.fromkeys(broken))
        super().__init__(
            f"{len(broken)} of {count} rules broken: {names}; mend the first one first, what fails "
            "further down may be its doing"
        )


@dataclass(frozen=True)
class Judged:
    """A rule that was judged.

    Attributes:
        source: Name of the source class.
        outcome: What became of it.
    """

    source: str
    outcome: Outcome


def judged(subjects: Sequence[Subject], rules: Sequence[Rule]) -> Iterator[Judged]:
    """Judge sources by rules, one after the other.

    Raises:
        InterruptedRunError: A signal asked to stop.
    """
    for subject in subjects:
        for rule in rules:
            signals.stop.check()
            outcome = judge(rule, subject)
            signals.stop.check()  # a run that was stopped is no finding
            yield Judged(subject.source_class.__name__, outcome)


def subjects_of(
    path: str,
    configs: Sequence[str],
    streams: Sequence[str],
    *,
    max_pages: int,
    volatile: Sequence[str],
) -> list[Subject]:
    """Return the sources of a file with their settings, ready to be judged.

    Raises:
        UsageError: The file cannot be loaded, a setting is wrong, or a stream is unknown.
    """
    tap_class = tap_of_file(path)
    tap = open_tap(tap_class, read_configs(tap_class, configs), Collector())
    config: dict[str, Any] = dict(tap.config)
    config.pop(PATH_SETTING, None)
    for name in streams:
        stream_of(tap, name)
    subjects = []
    for source_class in tap_class.source_classes:
        own = [name for name in streams if tap.streams[name].source_class is source_class]
        if streams and not own:
            continue
        subjects.append(
            Subject(
                source_class,
                config,
                streams=own or None,
                max_pages=max_pages,
                volatile_fields=frozenset(volatile),
            )
        )
    return subjects


@click.command(short_help="Judge a source file by the rules of a good source.")
@click.argument("file")
@config_option
@click.option(
    "--stream", "streams", metavar="NAME", multiple=True, help="Read this stream only; repeatable."
)
@click.option(
    "--max-pages",
    type=click.IntRange(1, 100_000),
    default=MAX_PAGES,
    show_default=True,
    help="Pages of a stream after which it counts as endless.",
)
@click.option(
    "--volatile",
    metavar="FIELD",
    multiple=True,
    help="A field that two runs may write differently, such as when it was fetched; repeatable.",
)
@click.option("--skip", metavar="RULE", multiple=True, help="Leave out a rule; repeatable.")
@json_option
def command(
    *,
    file: str,
    configs: Sequence[str],
    streams: Sequence[str],
    max_pages: int,
    volatile: Sequence[str],
    skip: Sequence[str],
    as_json: bool,
) -> None:
    """Judge the sources in FILE by the rules of a good source and tap.

    Each is run many times, resumed and killed: use the config of a test account. Rules that are
    broken end with exit code 4; each says what was seen and how to mend it.
    """
    rules = _left(skip)
    subjects = subjects_of(file, configs, streams, max_pages=max_pages, volatile=volatile)
    total = len(rules) * len(subjects)
    with tqdm(total=total, unit=" rules", leave=False, disable=not is_watched()) as bar:
        found = []
        for item in judged(subjects, rules):
            bar.update()
            found.append(item)
    broken = [item.outcome.rule.name for item in found if item.outcome.status is Status.FAILED]
    if as_json:
        write_json({"source": file, "ok": not broken, "rules": [_as_json(item) for item in found]})
    else:
        _show(found, is_one=len(subjects) == 1)
    if broken:
        raise BrokenRulesError(broken, total)


def _left(skip: Sequence[str]) -> list[Rule]:
    """Return the rules that are to be judged.

    Raises:
        UsageError: A name is that of no rule.
    """
    known = [rule.name for rule in RULES]
    for name in skip:
        if name not in known:
            raise UsageError(
                f"--skip names {excerpt(name, SHOWN_CHARACTERS)!r}, which is no rule"
                f"{nearest(name, known, '')}; there are {', '.join(known)}"
            )
    return [rule for rule in RULES if rule.name not in skip]


def _as_json(item: Judged) -> dict[str, object]:
    rule = item.outcome.rule
    return {
        "source": item.source,
        "rule": rule.name,
        "status": item.outcome.status,
        "seen": item.outcome.seen,
        "says": rule.says,
        "mend": rule.mend,
    }


def _show(found: Sequence[Judged], *, is_one: bool) -> None:
    """Print a line for each rule, and below those that are broken how to mend them."""
    rows: list[list[Cell | str]] = [
        [
            WORDS[item.outcome.status],
            item.outcome.rule.name if is_one else f"{item.source}.{item.outcome.rule.name}",
            item.outcome.seen,
        ]
        for item in found
    ]
    for item, line in zip(found, aligned(rows), strict=True):
        write_lines([line])
        if item.outcome.status is Status.FAILED:
            rule = item.outcome.rule
            write_lines([*indented(rule.says), *indented(f"To mend it: {rule.mend}")])

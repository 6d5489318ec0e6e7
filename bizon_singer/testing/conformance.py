"""Judging a source by rules: each says what holds of a good one, and how to mend one.

A rule that has nothing to judge (no incremental stream, say) is skipped with the reason; it never
passes for want of a case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from bizon_singer.errors import BizonSingerError
from bizon_singer.redact import one_line, redact
from bizon_singer.testing.subject import NotApplicableError, ResumeFailedError, Subject

SHOWN_FINDINGS = 3

Judge = Callable[[Subject], Iterator[str]]


@dataclass(frozen=True)
class Rule:
    """What holds of a good source.

    Attributes:
        name: In lower case with underscores, as the name of a test.
        says: The rule, one sentence.
        mend: What to do about a source that breaks it.
        judge: Yields what it sees that breaks the rule.
    """

    name: str
    says: str
    mend: str
    judge: Judge


def rule(function: Judge) -> Rule:
    """Make a rule of a function: its docstring is the rule, then what to do about a breach."""
    says, _, mend = (function.__doc__ or "").partition("\n\n")
    return Rule(function.__name__, says.strip(), " ".join(mend.split()), function)


class Status(StrEnum):
    """What became of a rule."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Outcome:
    """A rule was judged.

    Attributes:
        rule: The rule.
        status: Whether the source keeps it.
        seen: What breaks it, or why it was skipped; empty where it is kept.
    """

    rule: Rule
    status: Status
    seen: str = ""

    def __str__(self) -> str:
        """Say the rule, what was seen and how to mend it."""
        if self.status is Status.PASSED:
            return f"{self.rule.name}: kept"
        if self.status is Status.SKIPPED:
            return f"{self.rule.name}: nothing to judge, {self.seen}"
        return f"{self.rule.says} Seen: {self.seen}. {self.rule.mend}"


def judge(rule: Rule, subject: Subject) -> Outcome:
    """Judge a source by one rule; what the source raises is a finding."""
    try:
        findings = list(islice(rule.judge(subject), SHOWN_FINDINGS + 1))
    except NotApplicableError as error:
        return Outcome(rule, Status.SKIPPED, str(error))
    except (BizonSingerError, ResumeFailedError) as error:
        findings = [str(error).rstrip(".")]
    if not findings:
        return Outcome(rule, Status.PASSED)
    more = ", and more" if len(findings) > SHOWN_FINDINGS else ""
    seen = "; ".join(findings[:SHOWN_FINDINGS]) + more
    return Outcome(rule, Status.FAILED, one_line(redact(seen)))


def examine(subject: Subject) -> Iterator[Outcome]:
    """Judge a source by all rules, in order; each run it takes is made once."""
    from bizon_singer.testing.rules import RULES  # noqa: PLC0415 - rules are made of this module

    for rule in RULES:
        yield judge(rule, subject)

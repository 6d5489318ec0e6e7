"""The rules of ``bizon-singer lint``: each has a code that stays, a name, and how to mend it.

Every rule is about something people ran into (Bizon's changelog is a list of them), and each is
either sure from the text of a file or seen in a run; none is a matter of taste.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """A run fails, never ends, or loses records."""
    WARNING = "warning"
    """Records or STATE are not what they seem, here or under Bizon."""
    NOTE = "note"
    """Worth knowing; it does not make the command fail."""


@dataclass(frozen=True)
class Rule:
    """Something that is wrong with a source.

    Attributes:
        code: Stays what it is, for ``--ignore``.
        name: In words.
        severity: How bad it is.
        remedy: How to mend it.
        needs_run: Whether it can only be seen when the source is run.
    """

    code: str
    name: str
    severity: Severity
    remedy: str
    needs_run: bool = False


@dataclass(frozen=True)
class Finding:
    """A rule that is broken in some place.

    Attributes:
        rule: The rule.
        file: Path of the file, as it was given.
        line: Line in it, None if there is none to name.
        seen: What was seen: a sentence without its end.
        stream: The stream that was read, None if the text was.
    """

    rule: Rule
    file: str
    line: int | None
    seen: str
    stream: str | None = None


NO_INCREMENTAL = Rule(
    "BZ01",
    "get_records_after is missing",
    Severity.ERROR,
    "implement get_records_after(self, source_state, pagination), or say that the stream is read "
    "in full: FULL_TABLE in its definition, full_refresh as sync_mode",
)
ONLY_FULL = Rule(
    "BZ02",
    "a source can only be read in full",
    Severity.NOTE,
    "if the API can tell what changed, implement get_records_after(self, source_state, pagination)",
)
MUTATED = Rule(
    "BZ03",
    "the given pagination is changed",
    Severity.WARNING,
    "work on a copy: pagination = copy.deepcopy(pagination or {})",
)
FIRST_IS_NONE = Rule(
    "BZ04",
    "the first page is told by None",
    Severity.ERROR,
    "the first page is asked for with {}: write `if not pagination`",
)
NEXT_IS_NONE = Rule(
    "BZ05",
    "next_pagination is None",
    Severity.WARNING,
    "end a stream by next_pagination={}, which Bizon understands as well",
)
STUCK = Rule(
    "BZ06",
    "the pagination does not advance",
    Severity.ERROR,
    "give the position of the next page, and {} at the end",
)
NOT_JSON = Rule(
    "BZ07",
    "a value is not JSON",
    Severity.WARNING,
    "give text, numbers, lists and dicts; write a time as ISO 8601",
    needs_run=True,
)
STDOUT = Rule(
    "BZ08",
    "stdout is written",
    Severity.WARNING,
    "use logging.getLogger(__name__).info(…): stdout is for messages",
)
REPEATED_ID = Rule(
    "BZ09",
    "ids are repeated",
    Severity.ERROR,
    "take the identifier the API gives; the target keeps one record for each id",
    needs_run=True,
)
RANDOM_ID = Rule(
    "BZ10",
    "ids are made up anew in each run",
    Severity.ERROR,
    "take the identifier the API gives, or a hash of what does not change; the target gets every "
    "record again under another id",
)
TYPE_CHANGES = Rule(
    "BZ11",
    "a field changes its type",
    Severity.WARNING,
    "convert it to one type, so that its column has one",
    needs_run=True,
)
NO_PAGE = Rule(
    "BZ12",
    "a page is not a page",
    Severity.ERROR,
    "return SourceIteration(records=[…], next_pagination={…})",
)
HIDDEN_FAILURE = Rule(
    "BZ13",
    "a failure looks like the end of a stream",
    Severity.ERROR,
    "let the exception through: the stream fails, and goes on from its STATE in the next run",
)
BARE_REQUEST = Rule(
    "BZ14",
    "a request does without the session",
    Severity.WARNING,
    "use self.session: it has credentials, retries and time limits",
)

RULES = (
    NO_INCREMENTAL,
    ONLY_FULL,
    MUTATED,
    FIRST_IS_NONE,
    NEXT_IS_NONE,
    STUCK,
    NOT_JSON,
    STDOUT,
    REPEATED_ID,
    RANDOM_ID,
    TYPE_CHANGES,
    NO_PAGE,
    HIDDEN_FAILURE,
    BARE_REQUEST,
)

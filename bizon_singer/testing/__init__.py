"""What a source is tested with: the conformance kit, and the checker it stands on.

::

    from bizon_singer.testing import get_source_test_class
    from my_source import MySource

    TestMySource = get_source_test_class(MySource, {"token": "a test account's"})

gives a class pytest runs: one test for each rule of :data:`RULES`. ``bizon-singer test
my_source.py`` judges the same rules without pytest.

``recording``, ``recording_rules`` and ``resume`` are the checker: they judge a tap by its recorded
stdout and by nothing else, and share no code with the rest of the package, so a mistake made
there is not made here again (import-linter holds it).
"""

from bizon_singer.testing.conformance import Outcome, Rule, Status, examine
from bizon_singer.testing.recording import (
    Invariant,
    Message,
    Recording,
    Violation,
    canonical,
    exact,
    read,
)
from bizon_singer.testing.recording_rules import bookmarks_of, check, secret_forms
from bizon_singer.testing.resume import Proof, Terms, prove_resume
from bizon_singer.testing.rules import RULES
from bizon_singer.testing.source_test_class import get_source_test_class
from bizon_singer.testing.subject import Subject

__all__ = [
    "RULES",
    "Invariant",
    "Message",
    "Outcome",
    "Proof",
    "Recording",
    "Rule",
    "Status",
    "Subject",
    "Terms",
    "Violation",
    "bookmarks_of",
    "canonical",
    "check",
    "exact",
    "examine",
    "get_source_test_class",
    "prove_resume",
    "read",
    "secret_forms",
]

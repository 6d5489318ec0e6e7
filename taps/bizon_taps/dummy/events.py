"""Generates events: any number of them, always the same ones, from arithmetic alone.

Event ``i`` (from 0) follows from the seed, the start and ``i``, never from the number of events
or from the page it is read on. So a run can be resumed at any offset, and a larger ``count``
adds events without changing those that were there.

Why every seventh event shares the time of the one before: an incremental read that asks for
"later than" instead of "not earlier than" the last time seen loses such a record, and a dummy
source should show it.

Why two tables and no random numbers per event: this is also the source of the benchmarks, and
must cost little beside what it measures. The lengths share no divisor, so that a combination
returns only after 259,056 events.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bizon_singer.source.models import SourceRecord

STEP = timedelta(minutes=1)
TIE_EVERY = 7
MAX_AGE_MINUTES = 60

EVENT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "description": "Number of the event, from 1."},
        "name": {"type": ["string", "null"], "description": "A made-up title."},
        "type": {
            "type": ["string", "null"],
            "description": "signup, login, purchase, refund or logout.",
        },
        "amount": {
            "type": ["number", "null"],
            "description": "An amount of money from 0 to 999.99, with two decimals.",
        },
        "active": {
            "type": ["boolean", "null"],
            "description": "True for about seven events in ten.",
        },
        "user": {
            "type": ["object", "null"],
            "description": "Who caused the event, one of 257 people.",
            "properties": {
                "id": {"type": ["integer", "null"], "description": "Number of the person."},
                "email": {
                    "type": ["string", "null"],
                    "description": "Address at example.com, where no mail arrives.",
                },
                "country": {
                    "type": ["string", "null"],
                    "description": "Country code (ISO 3166-1 alpha-2).",
                },
            },
        },
        "tags": {
            "type": ["array", "null"],
            "items": {"type": ["string", "null"]},
            "description": "None to three labels.",
        },
        "created_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "Less than an hour before updated_at.",
        },
        "updated_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "A minute after the event before; every seventh shares its time.",
        },
    },
    "required": ["id"],
}

_TYPES = ("signup", "login", "purchase", "refund", "logout")
_ADJECTIVES = ("amber", "brisk", "calm", "dusty", "early", "faint", "golden", "hollow", "idle")
_NOUNS = ("bison", "creek", "dune", "ember", "field", "grove", "herd", "island", "jetty", "knoll")
_TAGS = ("beta", "mobile", "new", "organic", "partner", "test", "vip", "web")
_COUNTRIES = ("BR", "CA", "DE", "FR", "GB", "IN", "JP", "KE", "US", "ZA")
_FIRST_NAMES = ("ada", "bela", "chen", "dora", "emil", "fatou", "goro", "hana", "ivo", "june")
_ACTIVE_SHARE = 0.7
_PEOPLE = 257
_FACTS = TIE_EVERY * 144  # a whole number of ties, so that a row knows whether it is one
_MINUTES_PER_DAY = 24 * 60

_Person = tuple[int, str, str]
"""id, email, country."""
_Facts = tuple[str, str, float, bool, Sequence[str], int, int]
"""name, type, amount, active, tags, then the minutes from the event's own minute to its
``updated_at`` (0 or -1) and to its ``created_at`` (0 or less)."""


def parse_moment(value: object) -> datetime:
    """Read a date or a time; without a zone it is UTC, without a time it is midnight.

    Args:
        value: Text as in ISO 8601 (``2024-01-01``, ``2024-01-01T08:00:00+01:00``), or what
            a YAML reader made of it: a ``datetime`` or a ``date``.

    Returns:
        The moment, in UTC.

    Raises:
        ValueError: It is neither; the message does not repeat the value.
    """
    moment = value
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
        elif isinstance(value, date) and not isinstance(value, datetime):
            moment = datetime.combine(value, time())
        if isinstance(moment, datetime):
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = "it must be a date or a time such as 2024-01-01 or 2024-01-01T00:00:00Z"
    raise ValueError(message)


def check_calendar(start: datetime, count: int) -> None:
    """Check that every event can be dated.

    Raises:
        ValueError: The first or the last one would leave the years 1 to 9999.
    """
    try:
        _ = start - MAX_AGE_MINUTES * STEP, start + count * STEP
    except OverflowError as error:
        message = "the events, one a minute from `start_date` on, must stay within year 1 to 9999"
        raise ValueError(message) from error


class EventClock:
    """When events happen: one a minute, written as RFC 3339 with ``Z``.

    Args:
        start: Time of the first event, in UTC. Its seconds and fractions are those of every event.
    """

    def __init__(self, start: datetime) -> None:
        """Write down the 1,440 minutes of a day once."""
        self._start = start
        self._start_minute = start.toordinal() * _MINUTES_PER_DAY + start.hour * 60 + start.minute
        seconds = start.time().isoformat()[len("00:00") :] + "Z"
        self._times = [
            f"T{minute // 60:02}:{minute % 60:02}{seconds}" for minute in range(_MINUTES_PER_DAY)
        ]

    def index_from(self, moment: datetime) -> int:
        """Return the index of the first event whose ``updated_at`` is not before ``moment``."""
        minute = max(0, -((self._start - moment) // STEP))  # -(a // b) rounds up
        # No event has the minute of a tie as its own: that event went back to the one before.
        return minute + 1 if minute % TIE_EVERY == TIE_EVERY - 1 else minute

    def texts(self, first: int, stop: int) -> list[str]:
        """Write the minutes from ``first`` to before ``stop``, counted from the start."""
        minute = self._start_minute + first
        stop_minute = self._start_minute + stop
        texts: list[str] = []
        while minute < stop_minute:
            day, minute_of_day = divmod(minute, _MINUTES_PER_DAY)
            stop_of_day = min(_MINUTES_PER_DAY, minute_of_day + stop_minute - minute)
            day_text = date.fromordinal(day).isoformat()
            texts += [day_text + text for text in self._times[minute_of_day:stop_of_day]]
            minute += stop_of_day - minute_of_day
        return texts


class EventGenerator:
    """The events of one configuration.

    Args:
        seed: Which events they are.
        count: How many there are.
        start: Time of the first, in UTC.
    """

    def __init__(self, seed: int, count: int, start: datetime) -> None:
        """Draw the tables all events are put together from."""
        self.clock = EventClock(start)
        self._count = count
        # Seeded by text, since random takes an integer without its sign.
        draw = _Draw(random.Random(str(seed)))  # noqa: S311 - made-up data
        people = [draw.person(number) for number in range(1, _PEOPLE + 1)]
        self._people = sorted(people, key=draw.position)  # else the first events count them off
        self._facts = [draw.facts(index) for index in range(_FACTS)]

    def page(self, offset: int, size: int) -> list[SourceRecord]:
        """Return up to ``size`` events from index ``offset`` on; none past the last."""
        stop = min(offset + size, self._count)
        if offset >= stop:
            return []
        people, all_facts = self._people, self._facts
        # The first text is that of the oldest created_at this page may need.
        texts = self.clock.texts(offset - MAX_AGE_MINUTES, stop)
        own = MAX_AGE_MINUTES - 1 - offset
        records = []
        for number in range(offset + 1, stop + 1):
            index = number - 1
            name, kind, amount, active, tags, to_updated, to_created = all_facts[index % _FACTS]
            user_id, email, country = people[index % _PEOPLE]
            data = {
                "id": number,
                "name": name,
                "type": kind,
                "amount": amount,
                "active": active,
                "user": {"id": user_id, "email": email, "country": country},
                "tags": [*tags],
                "created_at": texts[own + number + to_created],
                "updated_at": texts[own + number + to_updated],
            }
            records.append(SourceRecord(str(number), data))
        return records


class _Draw:
    """Draws rows by ``random()`` alone.

    Of all methods of ``random.Random``, only that one is promised to give the same numbers in
    every version of Python.
    """

    def __init__(self, source: random.Random) -> None:
        self._random = source.random

    def below(self, limit: int) -> int:
        return int(self._random() * limit)

    def one_of(self, choices: Sequence[str]) -> str:
        return choices[self.below(len(choices))]

    def position(self, _row: object) -> float:
        return self._random()

    def person(self, number: int) -> _Person:
        email = f"{self.one_of(_FIRST_NAMES)}.{number}@example.com"
        return number, email, self.one_of(_COUNTRIES)

    def facts(self, index: int) -> _Facts:
        name = f"{self.one_of(_ADJECTIVES)} {self.one_of(_NOUNS)}"
        tags = tuple(dict.fromkeys(self.one_of(_TAGS) for _ in range(self.below(4))))
        to_updated = -1 if index % TIE_EVERY == TIE_EVERY - 1 else 0
        to_created = to_updated - self.below(MAX_AGE_MINUTES - 1)
        return (
            name,
            self.one_of(_TYPES),
            self.below(100_000) / 100,
            self._random() < _ACTIVE_SHARE,
            tags,
            to_updated,
            to_created,
        )

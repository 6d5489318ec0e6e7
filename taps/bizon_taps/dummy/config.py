"""Settings of tap-dummy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from bizon_singer.source.config import Integer, Number, SourceConfig
from bizon_taps.dummy.events import check_calendar, parse_moment

LONGEST_DELAY_SECONDS = 60


class DummySourceConfig(SourceConfig):
    """What a user may set; all but ``delay_seconds`` concerns the stream ``events`` alone."""

    count: Integer = Field(default=1000, ge=0, description="How many events there are.")
    page_size: Integer = Field(default=100, ge=1, description="How many events a page holds.")
    seed: Integer = Field(
        default=0, description="Which events they are: the same number gives the same events."
    )
    start_date: Annotated[datetime, BeforeValidator(parse_moment)] = Field(
        default=datetime(2024, 1, 1, tzinfo=UTC),
        description="Time of the first event: a date or a time, UTC unless it has an offset. "
        "A first incremental run reads from it too, hence all events.",
    )
    delay_seconds: Number = Field(
        default=0,
        ge=0,
        le=LONGEST_DELAY_SECONDS,
        allow_inf_nan=False,
        description="Pause before each page of any stream, in seconds, to watch the progress or "
        "to try an interrupt.",
    )

    @model_validator(mode="after")
    def _check_calendar(self) -> Self:
        check_calendar(self.start_date, self.count)
        return self

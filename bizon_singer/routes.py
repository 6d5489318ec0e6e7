"""What the settings say of routes: which stream the records of a ``destination_id`` belong to.

A source that reads several tables at once names one for each record. The layout is that of the
``streams:`` section of a Bizon pipeline, so one can be used as it is::

    streams:
      - name: orders
        source: {topic: shop.orders}                  read by the source (set_streams_config)
        destination: {table_id: project.raw.orders}   the destination_id of its records

What Bizon's destinations need besides (``record_schema``, ``clustering_keys``) is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class RouteSource(BaseModel):
    """What a source needs to know to read a route; it is the source's own matter."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    name: str | None = Field(default=None, description="What the source calls it.")
    topic: str | None = Field(default=None, description="Topic of a message queue.")
    endpoint: str | None = Field(default=None, description="Path of an API.")


class RouteDestination(BaseModel):
    """What a record of a route is known by, and what Bizon's destinations need."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    table_id: str = Field(min_length=1, description="The destination_id of the route's records.")
    record_schema: Any = Field(default=None, description="Used by Bizon's destinations only.")
    clustering_keys: Any = Field(default=None, description="Used by Bizon's destinations only.")


class StreamRoute(BaseModel):
    """One route; its attributes are those of Bizon's ``StreamConfig``."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    name: str = Field(min_length=1, description="Stream its records are written to.")
    source: RouteSource = Field(
        default_factory=RouteSource, description="What the source needs to read it."
    )
    destination: RouteDestination = Field(description="What its records are known by.")


class StreamRoutes(BaseModel):
    """All routes of a config: part of the adapter's settings."""

    streams: list[StreamRoute] | None = Field(
        default=None,
        description="Routes, as in a Bizon pipeline: records with the destination_id "
        "`destination.table_id` are written to the stream `name`.",
    )

    @model_validator(mode="after")
    def _tell_routes_apart(self) -> Self:
        for what, values in (
            ("name", [route.name for route in self.streams or ()]),
            ("destination.table_id", self.destination_ids()),
        ):
            if len(set(values)) < len(values):
                message = f"`streams` must not have a `{what}` twice"
                raise ValueError(message)
        return self

    def destination_ids(self) -> list[str]:
        """Return the destination_id of each route."""
        return [route.destination.table_id for route in self.streams or ()]

    def routes_for_source(self) -> Sequence[StreamRoute]:
        """Return the routes for a source, which may change what it is given."""
        return [route.model_copy(deep=True) for route in self.streams or ()]

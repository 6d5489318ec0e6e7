"""A shop: an incremental stream with keys and nested fields, one without schema, one not wanted."""

from __future__ import annotations

from typing import Any

from bizon_singer import AbstractSource, SourceIteration, SourceRecord, StreamDefinition

ORDER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id", "note"],
    "properties": {
        "id": {"type": "integer"},
        "note": {"type": ["string", "null"]},
        "updated_at": {"type": ["string", "null"], "format": "date-time"},
        "user": {
            "type": ["object", "null"],
            "required": ["email"],
            "properties": {
                "name": {"type": ["string", "null"]},
                "email": {"type": ["string", "null"]},
                "address": {
                    "type": ["object", "null"],
                    "properties": {"city": {"type": ["string", "null"]}},
                },
            },
        },
        "lines": {"type": ["array", "null"], "items": {"type": "object"}},
    },
}
constructed: list[str] = []


def order(number: int) -> dict[str, Any]:
    """Return one record of the source."""
    return {
        "id": number,
        "note": f"n{number}",
        "updated_at": f"2024-01-01T00:00:0{number}Z",
        "user": {"name": "a", "email": "b", "address": {"city": "c"}},
        "lines": [{"sku": "x"}],
    }


class Shop(AbstractSource):
    """An incremental stream with a schema, and one without."""

    def __init__(self, config: Any) -> None:
        """Note that an instance was made."""
        super().__init__(config)
        constructed.append(config.stream)

    @staticmethod
    def streams() -> list[str]:
        """Name the streams, not in the order of the alphabet."""
        return ["orders", "events", "attic"]

    @classmethod
    def stream_definitions(cls) -> list[StreamDefinition]:
        """Describe two of them."""
        orders = StreamDefinition(
            "orders", ORDER_SCHEMA, ("id",), "updated_at", description="What was bought."
        )
        attic = StreamDefinition("attic", ORDER_SCHEMA, ("id",), selected_by_default=False)
        return [attic, orders]

    def get(self, pagination: Any = None) -> SourceIteration:
        """Give two pages."""
        page = (pagination or {}).get("page", 0)
        records = [SourceRecord(str(n), order(n)) for n in (2 * page, 2 * page + 1)]
        return SourceIteration({} if page else {"page": 1}, records)

    def get_records_after(self, source_state: Any, pagination: Any = None) -> SourceIteration:
        """Give everything again."""
        del source_state
        return self.get(pagination)

"""What all benchmarks read: contacts of the shape HubSpot gives them, about 500 bytes each."""

from __future__ import annotations

from typing import Any

PAGE_SIZE = 100
PROPERTIES = {f"property_{number}": {"type": ["string", "null"]} for number in range(15)}
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "properties": {"type": ["object", "null"], "properties": PROPERTIES},
        "createdAt": {"type": ["string", "null"], "format": "date-time"},
        "updatedAt": {"type": ["string", "null"], "format": "date-time"},
        "archived": {"type": ["boolean", "null"]},
    },
}


def record(number: int) -> dict[str, Any]:
    """Return one record of the shape of a HubSpot contact."""
    return {
        "id": str(number),
        "properties": {name: f"value {number} of {name}" for name in PROPERTIES},
        "createdAt": "2024-01-01T00:00:00.000Z",
        "updatedAt": "2024-02-01T00:00:00.000Z",
        "archived": False,
    }


PAGE = [record(number) for number in range(PAGE_SIZE)]

"""A spreadsheet that has something of everything."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from tests.fakes.gsheets.server import Gsheets
from tests.fakes.gsheets.workbook import Book, Cell, Failed


def fill(server: Gsheets, orders: int = 4) -> Book:
    """Add a spreadsheet of orders, people, odd headers, an empty, a hidden sheet and a chart."""
    book = server.book("Shop", time_zone="America/New_York")
    book.sheet(
        "Orders",
        ["Order ID", "SKU Code", "Price", "Paid", "Day", "At", "Opens", "Note"],
        *(
            [
                number,
                f"{number:05d}",
                Cell(number + 0.5, "CURRENCY", shown=f"${number}.50"),
                number % 2 == 0,
                date(2024, 2, 28) + timedelta(days=number),
                datetime(2024, 3, 9 + number % 2, 2, 30, number % 60),  # noqa: DTZ001
                time(number % 24, 30),
                "" if number % 3 else f"note {number}",
            ]
            for number in range(1, orders + 1)
        ),
    )
    book.sheet(
        "Odd 'headers' 🌵",
        [],
        ["", "Name", "name", "", "2024", date(2024, 1, 1), "Totals", "", "Name"],
        ["", "a", "b", "c", 1, 2, 3, 4, Failed("DIVIDE_BY_ZERO"), "beyond"],
        ["", "d", 5, "", 1.5, "x", Failed(), True, ""],
        merges=[(2, 7, 2, 8)],
    )
    book.sheet("Header only", ["a", "b"])
    book.sheet("Empty")
    book.sheet("Hidden", ["x"], [1], is_hidden=True)
    book.sheet("Chart1", kind="OBJECT")
    return book

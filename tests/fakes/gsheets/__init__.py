"""Google Sheets, Drive and their token endpoint, over HTTP on this machine.

::

    with Gsheets() as google:
        book = google.book("Shop")
        orders = book.sheet("Orders", ["id", "price"], [1, 9.5])
        google.before(4, lambda: orders.fill([2, "none"]))
        google.spoil(bad_gateway, path="/v4/")
        run(TapGsheets, google.settings(book))
"""

from tests.fakes.gsheets.samples import fill
from tests.fakes.gsheets.server import Gsheets
from tests.fakes.gsheets.workbook import Book, Cell, Failed, Sheet

__all__ = ["Book", "Cell", "Failed", "Gsheets", "Sheet", "fill"]

"""What only a whole export tells: how its days are written, and whether a column names kinds of questions."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.dispatcher.csv_records import Row
from services.dispatcher.imports.cells import OrderSigns
from services.dispatcher.imports.tables import clean_cell
from services.dispatcher.moving_in.vendor_cells import has_short_year, plain_time
from services.dispatcher.moving_in.vendors import Columns, Part, is_kind_of_question

TIME_PARTS: tuple[Part, ...] = ("answered_at", "invited_at", "unsubscribed")


@dataclass
class ExportSigns:
    """What was found in all rows."""

    dates: OrderSigns = field(default_factory=OrderSigns)
    short_years: bool = False
    """Whether some year has two digits: then no row tells for sure what is the day, the month or the year."""
    names_kinds: bool = False
    """Whether the column of the kinds of questions has one: another system may call so a type of customer."""


def look_through(rows: Iterator[Row], columns: Columns) -> ExportSigns:
    """Read all rows."""
    signs = ExportSigns()
    for row in rows:
        if row.remedy is None:
            cells = [clean_cell(cell) for cell in row.cells]
            for part in TIME_PARTS:
                text = plain_time(columns.text(part, cells))
                signs.dates.add(text)
                signs.short_years = signs.short_years or has_short_year(text)
            signs.names_kinds = signs.names_kinds or is_kind_of_question(columns.text("question", cells))
    return signs

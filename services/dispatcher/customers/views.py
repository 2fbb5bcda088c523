"""The page by which customers are taken from a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from services.dispatcher.customers.csv_rows import TableRow, column_of
from services.dispatcher.customers.reading import CustomerIn
from shared.pages.language import spoken
from shared.pages.page import Page

MAX_FAULTS_SHOWN = 50
MAX_ROWS_SHOWN = 5


@dataclass(frozen=True)
class RowFault:
    """What is wrong in one cell."""

    row: int
    column: str
    detail: str


@dataclass(frozen=True)
class TablePreview:
    """What a table would do."""

    seen: str
    """The fingerprint of the text that it was made of."""
    good: int
    """How many customers would be taken."""
    repeated: int
    """How many rows say again what a row before them says."""
    bad: int
    """How many rows are left out."""
    faults: Sequence[RowFault]
    first: Sequence[CustomerIn]
    """Some of those who would be taken."""

    @classmethod
    def of(cls, seen: str, rows: Sequence[TableRow]) -> "TablePreview":
        """Of the rows that were read."""
        good_rows = [row.read.customer for row in rows if row.read.customer is not None]
        customers = list({customer.id: customer for customer in good_rows}.values())
        faults = [
            RowFault(row.number, column_of(fault), spoken(fault["detail"]))
            for row in rows
            for fault in row.read.faults
        ]
        return cls(
            seen,
            len(customers),
            len(good_rows) - len(customers),
            len(rows) - len(good_rows),
            faults[:MAX_FAULTS_SHOWN],
            customers[:MAX_ROWS_SHOWN],
        )


@dataclass(frozen=True, kw_only=True)
class CustomerTablePage(Page):
    """The form, and below it what the table would do."""

    template: ClassVar[str] = "customer_table.html"
    text: str
    example: str
    known: int
    """How many customers are known."""
    refused: str = ""
    """Why nothing was read of the table."""
    preview: TablePreview | None = None
    done: str = ""

"""What the page of the list shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Row

from services.dispatcher.customers.views import RowFault
from services.dispatcher.sending.labels import actor_label
from services.dispatcher.story.labels import customer_label
from services.dispatcher.suppressions.csv_rows import SuppressionFault, SuppressionRow, faults_of
from services.dispatcher.suppressions.domain import FIRM
from services.dispatcher.suppressions.labels import REASON_LABELS
from shared.pages.language import spoken, translated
from shared.pages.page import Page

MAX_FAULTS_SHOWN = 50
MAX_ROWS_SHOWN = 5


@dataclass(frozen=True)
class EntryLine:
    """An entry in the list."""

    id: str
    name: str
    reason: str
    needs_reason: bool
    """Whether only an administrator takes it away, who writes why."""
    at: datetime
    who: str

    @classmethod
    def of(cls, row: Row[Any]) -> "EntryLine":
        """A stored entry; of an address or number the beginning of its keyed hash is shown."""
        name = customer_label(row.key)
        if row.kind == "address":
            name = translated("an address or number, %(code)s") % {"code": name}
        who, reason = actor_label(row.who), spoken(REASON_LABELS[row.reason])
        return cls(f"{row.kind}:{row.key}", name, reason, row.reason in FIRM, row.created_at, who)


@dataclass(frozen=True)
class ImportPreview:
    """What a table would do."""

    seen: str
    """The fingerprint of the text that it was made of."""
    good: int
    bad: int
    faults: Sequence[RowFault]
    first: Sequence[SuppressionRow]
    """Some of those who would be listed."""

    @classmethod
    def of(cls, seen: str, rows: Sequence[SuppressionRow | SuppressionFault]) -> "ImportPreview":
        """Of the rows that were read."""
        good = [row for row in rows if isinstance(row, SuppressionRow)]
        found = faults_of(rows)[:MAX_FAULTS_SHOWN]
        faults = [RowFault(fault.number, fault.column, spoken(fault.detail)) for fault in found]
        return cls(seen, len(good), len(rows) - len(good), faults, good[:MAX_ROWS_SHOWN])


@dataclass(frozen=True, kw_only=True)
class SuppressionsPage(Page):
    """Who is never asked: the list with its search, and below it the form of a table."""

    template: ClassVar[str] = "suppressions.html"
    entries: Sequence[EntryLine]
    total: int
    q: str
    reason: str
    reason_options: Sequence[tuple[str, str]]
    """What can be searched for."""
    query: str
    """The search as it stands in an address, without the page."""
    after: str
    more: str
    """Behind which entry the next page begins; empty: there is none."""
    text: str
    example: str
    preview: ImportPreview | None = None
    refused: str = ""
    """Why nothing was read of the table, or done."""
    done: str = ""
    lift_refused: str = ""

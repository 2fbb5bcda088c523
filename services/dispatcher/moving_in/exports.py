"""The rows of another system's export: answers, and customers who have unsubscribed."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from types import MappingProxyType
from typing import BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from services.dispatcher.csv_records import Row
from services.dispatcher.imports.cells import DateOrder
from services.dispatcher.imports.tables import clean_cell
from services.dispatcher.moving_in.comparing import Month
from services.dispatcher.moving_in.counted import MonthCounts
from services.dispatcher.moving_in.vendor_cells import is_blank, score_of, unsubscription, vendor_time
from services.dispatcher.moving_in.vendors import Columns, VendorName, is_nps
from shared.events.nps import SCALE
from shared.values.csv_cells import safe_cell
from shared.values.messages import Message
from shared.values.phone import sure_number

ANSWER_COLUMNS = ("id", "score", "answered_at", "comment", "invited_at", "email", "phone", "customer_id")
"""Of the file that is imported."""
ASKED_COLUMNS = ("email", "phone", "customer_id", "asked_at")
SUPPRESSION_COLUMNS = ("email", "phone", "customer_id", "reason", "since")
OF_OTHER_FILES = "counted here, of files that were moved in before"
NOT_COUNTED = "not counted here yet: run the same once more"
NO_DATE = "no date"
"""In place of a month."""
MAX_ROWS_NAMED = 20


class Taken(NamedTuple):
    """An answer of the file that is imported: its month, by their clock and by ours."""

    theirs: str
    ours: str
    score: int


@dataclass
class ExportReading:
    """Reads one export; of each row it keeps its months and a short hash, never its cells."""

    vendor: VendorName
    columns: Columns
    order: DateOrder
    their_zone: ZoneInfo
    """Of the times in the file that have no offset, and of their months."""
    our_zone: ZoneInfo
    home: str | None = None
    """The company's country: of a phone number without the code of one."""

    months: dict[str, Month] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    """Of each row of the imported file, in order."""
    unsubscribed: int = 0
    unanswered: int = 0
    """Rows without a score: who was asked and has not answered."""

    asked: int = 0
    """Of the unanswered rows those that say when, and whom."""

    nobody_asked: int = 0
    """Of the unanswered rows those that say when, but not whom."""

    nobody_unsubscribed: int = 0
    """Rows that say that somebody has unsubscribed, but not who."""

    unclear_unsubscribed: int = 0
    """Rows whose cell about unsubscribing says neither yes nor no nor a time."""

    unsure_numbers: int = 0
    """Rows with a phone number that cannot be read, or may be of another country: it is left out."""

    unreadable: int = 0
    unreadable_rows: list[int] = field(default_factory=list)
    """The numbers of the first of them; the row of names is the first."""
    _seen: set[bytes] = field(default_factory=set)
    """Of each answer, by its id, or its content where it has none."""

    def write(self, rows: Iterator[Row], answers: BinaryIO, suppressions: BinaryIO, asked: BinaryIO) -> None:
        """Write what can be taken to three files."""
        answer_lines, asked_lines = _writer(answers, ANSWER_COLUMNS), _writer(asked, ASKED_COLUMNS)
        suppression_lines = _writer(suppressions, SUPPRESSION_COLUMNS)
        for row in rows:
            if row.remedy is not None:
                self._unreadable(row, row.remedy)
                continue
            cells = [clean_cell(cell) for cell in row.cells]
            names = self._names(cells)
            self._unsubscription(cells, names, suppression_lines)
            if not is_blank(self.columns.text("score", cells)):
                self._answer(cells, names, answer_lines)
            else:
                self._unanswered(cells, names, asked_lines)
        for lines in (answer_lines, suppression_lines, asked_lines):
            lines.end()

    def month(self, name: str) -> Month:
        """One month, empty at first."""
        return self.months.setdefault(name, Month())

    def _unreadable(self, row: Row, remedy: Message) -> None:
        self.unreadable += 1
        if self.unreadable <= MAX_ROWS_NAMED:
            self.unreadable_rows.append(row.number)
        self.month(NO_DATE).reasons[f"cannot be read: {remedy}"] += 1

    def _names(self, cells: list[str]) -> "_RowNames":
        written = self.columns.text("phone", cells)
        phone = sure_number(written, self.home) or ""
        self.unsure_numbers += bool(written) and not phone
        return _RowNames(self.columns.text("email", cells), phone, self.columns.text("customer_id", cells))

    def _answer(self, cells: list[str], names: "_RowNames", lines: "_Lines") -> None:
        text = self.columns.text("score", cells)
        question = self.columns.text("question", cells)
        at = self._time(self.columns.text("answered_at", cells))
        theirs = NO_DATE if at is None else f"{at.astimezone(self.their_zone):%Y-%m}"
        if question and not is_nps(question):
            self.month(theirs).reasons["of another question than NPS"] += 1
            return
        score = score_of(text)
        if score not in SCALE or score is None:
            self.month(theirs).reasons["without a score from 0 to 10"] += 1
            return
        month = self.month(theirs)
        month.theirs.add(score)
        if at is None:
            month.reasons["without a time that can be read"] += 1
            return
        own_id = self.columns.text("id", cells)
        known = _short_hash(own_id or "\0".join(cells))
        if known in self._seen:
            month.reasons["stand there twice"] += 1
            return
        self._seen.add(known)
        ours = f"{at.astimezone(self.our_zone):%Y-%m}"
        invited_at = self._time(self.columns.text("invited_at", cells))
        lines.write(
            f"{self.vendor}-{own_id}" if own_id else "",
            str(score),
            at.isoformat(),
            self.columns.text("comment", cells),
            invited_at.isoformat() if invited_at is not None and invited_at <= at else "",
            *names,
        )
        self.taken.append(Taken(theirs, ours, score))

    def _unanswered(self, cells: list[str], names: "_RowNames", lines: "_Lines") -> None:
        self.unanswered += 1
        at = self._time(self.columns.text("invited_at", cells))
        if at is not None and any(names):
            self.asked += 1
            lines.write(*names, at.isoformat())
        elif at is not None:
            self.nobody_asked += 1

    def _unsubscription(self, cells: list[str], names: "_RowNames", lines: "_Lines") -> None:
        text = self.columns.text("unsubscribed", cells)
        since = self._time(text)
        said = unsubscription(text, since)
        self.unclear_unsubscribed += said == "unclear"
        if said != "yes":
            return
        if not any(names):
            self.nobody_unsubscribed += 1
            return
        self.unsubscribed += 1
        lines.write(*names, "unsubscribed", since.isoformat() if since else "")

    def _time(self, text: str) -> datetime | None:
        return vendor_time(text, self.order, self.their_zone)

    def settle(
        self, refused: Mapping[int, str], counted: MonthCounts, before: MonthCounts = MappingProxyType({})
    ) -> None:
        """Say why what is counted differs from the file, score by score.

        :param refused: why, by the row of the imported file; the row of names is the first.
        :param counted: by the scorer, of all answers that were moved in from there.
        :param before: the same before the file was taken; empty where some of its answers were there by then.
        """
        expected: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for row, (theirs, ours, score) in enumerate(self.taken, 2):
            if row in refused:
                self.month(theirs).reasons[f"refused: {refused[row]}"] += 1
                continue
            expected[ours][score] += 1
            if ours != theirs:
                self.month(theirs).reasons[f"count in {ours} here, by the company's time zone"] += 1
                self.month(ours).reasons[f"counted in {theirs} there, by another time zone"] += 1
        for month, counts in counted.items():
            for score, number in enumerate(counts):
                self.month(month).ours.add(score, number)
        for name in {*expected, *counted}:
            for score in SCALE:
                own, now = expected[name][score], _number(counted, name, score)
                missing = max(0, _number(before, name, score) + own - now)
                if missing:
                    self.month(name).reasons[NOT_COUNTED] += missing
                if now - own + missing:
                    self.month(name).reasons[OF_OTHER_FILES] += now - own + missing


class _RowNames(NamedTuple):
    """By what a row names its customer; empty: not by that."""

    email: str
    phone: str
    """In E.164."""
    customer_id: str


class _Lines:
    """Lines of a CSV file, written as they come: for our own imports, so without a byte order mark."""

    def __init__(self, file: BinaryIO) -> None:
        self._text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        self._writer = csv.writer(self._text)

    def write(self, *cells: str) -> None:
        """One line, whose cells are read as they are here."""
        self._writer.writerow(map(safe_cell, cells))

    def end(self) -> None:
        """Leave the file open, at its beginning."""
        self._text.flush()
        self._text.detach().seek(0)


def _number(counts: MonthCounts, month: str, score: int) -> int:
    """How many answers of a month have a score."""
    found = counts.get(month, ())
    return found[score] if score < len(found) else 0


def _short_hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=12).digest()


def _writer(file: BinaryIO, columns: tuple[str, ...]) -> _Lines:
    lines = _Lines(file)
    lines.write(*columns)
    return lines

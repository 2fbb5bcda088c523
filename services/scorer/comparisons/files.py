"""Comparisons and trends as files for spreadsheets, with the figures that a program is answered."""

from collections.abc import Sequence

from fastapi import Response

from services.scorer.comparisons.reading import ReadComparisons, ReadTrend
from services.scorer.comparisons.schemas import ComparedSideOut, ComparisonsOut, TrendOut
from services.scorer.csv_files import Cell, csv_file, csv_lines, ends_of
from shared.events.nps import SCALE

_SCORES = tuple(f"score_{score}" for score in SCALE)
_SIDE = (
    *("segment", "from", "until", "running", "n", *_SCORES, "detractors", "passives", "promoters"),
    *("nps", "low", "high", "reason"),
)
_DIFFERENCE = (
    *("difference", "difference_low", "difference_high", "p", "verdict", "marked"),
    *("no_difference_reason", "tests"),
)
_PERIOD = ("segment", "by", "from", "until", "partial", "n", *_SCORES, "nps", "low", "high")
_ROLLING = ("from", "until", "n", "nps", "low", "high")


def csv_of_comparisons(read: ReadComparisons) -> str:
    """A row for each difference. A text that begins like a formula stands behind an apostrophe."""
    told = ComparisonsOut.of(read)
    against = (f"against_{name}" for name in _SIDE)
    names = ("measurement", "time_zone", *_SIDE, *against, *_DIFFERENCE)
    rows: list[Sequence[Cell]] = []
    for each in told.comparisons:
        difference = each.difference
        rows.append(
            (
                *(told.measurement, told.time_zone),
                *_side(each.asked),
                *_side(each.against),
                difference.points if difference else None,
                *ends_of(difference.margin if difference else None),
                difference.p if difference else None,
                *(each.verdict, each.marked, each.reason, told.tests),
            )
        )
    return csv_lines(names, rows)


def csv_of_trend(read: ReadTrend) -> str:
    """A row for each period, with the window that ends with it where such are asked for."""
    told = TrendOut.of(read)
    rolls = told.rolling_days is not None
    names = (*_PERIOD, *(f"rolling_{name}" for name in _ROLLING if rolls))
    rows: list[Sequence[Cell]] = []
    for each in told.periods:
        rolling: tuple[Cell, ...] = ()
        if each.rolling is not None:
            days, roll = each.rolling.period, each.rolling
            rolling = (str(days.from_), str(days.until), roll.n, roll.nps, *ends_of(roll.margin))
        own = (told.segment or "", told.by, str(each.period.from_), str(each.period.until), each.partial)
        rows.append((*own, each.n, *each.counts, each.nps, *ends_of(each.margin), *rolling))
    return csv_lines(names, rows)


def comparisons_file(read: ReadComparisons) -> Response:
    """The file of comparisons."""
    days = read.query.asked
    return csv_file(csv_of_comparisons(read), f"comparison-{days.first}-{days.last}.csv")


def trend_file(read: ReadTrend) -> Response:
    """The file of a trend."""
    days = read.query.asked
    return csv_file(csv_of_trend(read), f"trend-{read.query.by}-{days.first}-{days.last}.csv")


def _side(side: ComparedSideOut) -> tuple[Cell, ...]:
    counts: Sequence[int | None] = side.counts if side.counts is not None else [None] * len(SCALE)
    return (
        side.segment or "",
        *(str(side.period.from_), str(side.period.until), side.running, side.n, *counts),
        *(side.detractors, side.passives, side.promoters, side.nps, *ends_of(side.margin), side.reason),
    )

"""The two scores as a file for spreadsheets, with the figures that a program is answered."""

from collections.abc import Sequence

from fastapi import Response

from services.scorer.comparisons.schemas import ComparedSideOut
from services.scorer.csv_files import Cell, csv_file, csv_lines, ends_of
from services.scorer.gap.reading import ReadGap
from services.scorer.gap.schemas import GapOut, GapsOut

_SIDE = ("n", "detractors", "passives", "promoters", "nps", "low", "high")
_DIFFERENCE = (
    *("difference", "difference_low", "difference_high", "p", "verdict", "marked", "reason", "tests"),
    "parts_marked",
)
_IMPACT = ("impact", "impact_low", "impact_high")


def csv_of_gap(read: ReadGap) -> str:
    """A row for the whole, one for each part, and one for each touchpoint."""
    told = GapsOut.of(read)
    names = (
        *("of", "segment", "from", "until"),
        *(f"transactional_{name}" for name in _SIDE),
        *(f"relational_{name}" for name in _SIDE),
        *_DIFFERENCE,
        *_IMPACT,
    )
    days = (str(told.period.from_), str(told.period.until))
    whole_tests = 1 if told.total.difference else 0
    gaps: list[tuple[str, GapOut, tuple[int, int | None]]] = [("whole", told.total, (whole_tests, None))]
    gaps += [("part", part, (told.tests, told.parts_marked)) for part in told.parts]
    rows: list[Sequence[Cell]] = [
        (kind, gap.segment or "", *days, *_gap(gap), *tests, *_nothing(_IMPACT)) for kind, gap, tests in gaps
    ]
    for each in told.touchpoints:
        rows.append(
            (
                *("touchpoint", each.segment, *days, each.n, None, None, None),
                *(each.nps, *ends_of(each.margin), *_nothing(_SIDE), *_nothing(_DIFFERENCE[:-3])),
                *(each.reason, None, None, each.impact, *ends_of(each.impact_margin)),
            )
        )
    return csv_lines(names, rows)


def gap_file(read: ReadGap) -> Response:
    """The file."""
    days = read.query.window
    return csv_file(csv_of_gap(read), f"gap-{days.first}-{days.last}.csv")


def _gap(gap: GapOut) -> tuple[Cell, ...]:
    difference = gap.difference
    return (
        *_side(gap.transactional),
        *_side(gap.relational),
        difference.points if difference else None,
        *ends_of(difference.margin if difference else None),
        difference.p if difference else None,
        *(gap.verdict, gap.marked, gap.reason),
    )


def _side(side: ComparedSideOut) -> tuple[Cell, ...]:
    groups = (side.detractors, side.passives, side.promoters)
    return (side.n, *groups, side.nps, *ends_of(side.margin))


def _nothing(names: Sequence[str]) -> tuple[None, ...]:
    return (None,) * len(names)

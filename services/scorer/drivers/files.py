"""A change and its parts as a file for spreadsheets, with the figures that a program is answered."""

from collections.abc import Iterable, Sequence

from fastapi import Response

from services.scorer.comparisons.schemas import ComparedSideOut
from services.scorer.csv_files import Cell, csv_file, csv_lines, ends_of
from services.scorer.drivers.reading import ReadDrivers
from services.scorer.drivers.schemas import DriverPartOut, DriverSideOut, DriversOut, EffectOut

_ABOUT = ("measurement", "segment", "from", "until", "before_from", "before_until", "of", "dimension", "part")
_SIDE = ("n", "share", "nps", "low", "high")
_EFFECT = ("points", "exact", "low", "high")
_EFFECTS = ("mix", "rate", "both")
_NO_FIRST = (None,) * (1 + len(_EFFECT))
"""Only a dimension has a part that adds the most."""


def csv_of_drivers(read: ReadDrivers) -> str:
    """A row for the whole, one for each part of the dimension, and one for each dimension."""
    told = DriversOut.of(read)
    names = (
        *_ABOUT,
        *_SIDE,
        *(f"before_{name}" for name in _SIDE),
        *(f"{effect}_{name}" for effect in _EFFECTS for name in _EFFECT),
        *("p", "reason", "merged", "stands_out", "first_segment"),
        *(f"first_{name}" for name in _EFFECT),
    )
    now, before = told.now.period, told.before.period
    days = (str(now.from_), str(now.until), str(before.from_), str(before.until))
    about = (told.measurement, told.now.segment or "", *days)
    rows: list[Sequence[Cell]] = [(*about, *_whole(told))]
    rows += [(*about, *_part(told, part)) for part in told.parts]
    for each in told.dimensions:
        sides = (None,) * (2 * len(_SIDE))
        effects = (*_effect(each.mix), *_effect(each.rate), *_effect(None))
        first = (each.first_segment, *_effect(each.first))
        rows.append(
            (*about, "dimension", each.dimension, "", *sides, *effects, None, each.reason, None, None, *first)
        )
    return csv_lines(names, rows)


def drivers_file(read: ReadDrivers) -> Response:
    """The file."""
    days = read.query.now
    return csv_file(csv_of_drivers(read), f"drivers-{days.first}-{days.last}.csv")


def _whole(told: DriversOut) -> Iterable[Cell]:
    change = told.change
    both: tuple[Cell, ...] = (None,) * len(_EFFECT)
    if change is not None:
        both = (change.points, change.exact, change.test.margin.low, change.test.margin.high)
    return (
        *("whole", told.dimension or "", ""),
        *_whole_side(told.now),
        *_whole_side(told.before),
        *_effect(told.mix),
        *_effect(told.rate),
        *both,
        change.test.p if change is not None else None,
        told.reason,
        told.merged,
        told.stands_out,
        *_NO_FIRST,
    )


def _whole_side(side: ComparedSideOut) -> tuple[Cell, ...]:
    return (side.n, 1.0 if side.n else None, side.nps, *ends_of(side.margin))


def _part(told: DriversOut, part: DriverPartOut) -> Iterable[Cell]:
    effects = (cell for effect in (part.mix, part.rate, part.both) for cell in _effect(effect))
    own = (part.kind, told.dimension or "", part.segment or "")
    return (*own, *_side(part.now), *_side(part.before), *effects, None, None, None, None, *_NO_FIRST)


def _side(side: DriverSideOut) -> tuple[Cell, ...]:
    return (side.n, side.share, side.nps, *ends_of(side.margin))


def _effect(effect: EffectOut | None) -> tuple[Cell, ...]:
    if effect is None:
        return (None,) * len(_EFFECT)
    return (effect.points, effect.exact, *ends_of(effect.margin))

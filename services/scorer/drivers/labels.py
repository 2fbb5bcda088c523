"""Words of what moved a score. A part is never said to be why it moved."""

from fractions import Fraction

from services.scorer.comparisons.labels import name_of
from services.scorer.decomposition.domain import NO_SPLIT, NoSplit, Split
from services.scorer.decomposition.effects import Effect
from services.scorer.domain import ScoreChange
from services.scorer.drivers.reading import ReadDrivers, ShownChange
from services.scorer.labels import ALMOST_NEVER_P, one_decimal, range_of_points
from shared.pages.filters import dimension_name, thousands
from shared.pages.language import counted, spoken, translated


def no_split_words(reason: NoSplit) -> str:
    """Why a change is not taken apart."""
    return spoken(NO_SPLIT[reason])


def tenths_words(tenths: int) -> str:
    """Points with one decimal, such as +1.2."""
    return one_decimal(Fraction(tenths, 10))


def range_words(effect: Effect) -> str:
    """The range of an effect with one decimal."""
    return range_of_points(effect.low, effect.high)


def finding_of(read: ReadDrivers) -> str:
    """What the figures say: the change, and then what it is made of."""
    change, points = read.comparison.change, read.change
    if change is None or points is None:
        facts = {
            "before": thousands(read.comparison.against.groups.n),
            "now": thousands(read.comparison.asked.groups.n),
        }
        words = translated(
            "There is too little to compare: %(before)s answers before, %(now)s now. It takes 30 in each."
        )
        return words % facts
    parts = [change_words(read, change, points)]
    if isinstance(read.split, Split):
        parts.append(split_words(read.dimension, read.split))
    return " ".join(parts)


def change_words(read: ReadDrivers, change: ScoreChange, points: ShownChange) -> str:
    """From where to where the score went, and how easily chance alone would do that."""
    if change.p < ALMOST_NEVER_P:
        words = translated(
            "From %(before)s to %(now)s: %(points)s points. Chance would almost never do that."
        )
    elif change.is_significant:
        words = translated("From %(before)s to %(now)s: %(points)s points. Chance alone seldom does that.")
    else:
        words = translated("From %(before)s to %(now)s: %(points)s points. That could be chance.")
    before, now = read.comparison.against.groups.nps, read.comparison.asked.groups.nps
    return words % {
        "before": one_decimal(before or Fraction()),
        "now": one_decimal(now or Fraction()),
        "points": tenths_words(points.tenths),
    }


def split_words(dimension: str, split: Split) -> str:
    """How much is mix and how much is rate, and which part adds the most."""
    first = max(split.rows, key=lambda row: abs(row.both.exact))
    words = translated(
        "By %(dimension)s, other customers add %(mix)s and other answers %(rate)s; the most comes with "
        "%(name)s: %(points)s."
    )
    return words % {
        "dimension": dimension_name(dimension),
        "mix": tenths_words(split.mix.tenths),
        "rate": tenths_words(split.rate.tenths),
        "name": translated("All others") if first is split.others else name_of(first.groups.segment),
        "points": tenths_words(first.both.tenths),
    }


def merged_words(merged: int) -> str:
    """What is among the others."""
    if not merged:
        return translated("The others are all answers without a value of this kind.")
    words = counted(
        "The others are the answers without a value of this kind, and those of %(n)s part that is not told "
        "by itself: it takes 30 answers in each window.",
        "The others are the answers without a value of this kind, and those of %(n)s parts that are not told "
        "by themselves: it takes 30 answers in each window.",
        merged,
    )
    return words % {"n": thousands(merged)}


def only_words(n_before: int, n_now: int) -> str:
    """That a part has answers in one window only; empty: in both."""
    if not n_before:
        return translated("new: no answers before")
    return translated("gone: no answers now") if not n_now else ""

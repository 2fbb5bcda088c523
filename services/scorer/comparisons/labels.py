"""Words of comparisons and trends. A difference is never said to be because of something."""

from datetime import date

from msgspec.structs import replace

from services.scorer.comparisons.comparison_query import ComparisonQuery
from services.scorer.comparisons.domain import Comparison
from services.scorer.comparisons.periods import Period, PeriodUnit
from services.scorer.comparisons.reading import ReadComparisons
from services.scorer.domain import MIN_ANSWERS_COMPARED, ScoreChange
from services.scorer.labels import ALMOST_NEVER_P, change_finding
from services.scorer.windows import Window
from shared.pages.filters import day, isolated_text, segment_words, thousands
from shared.pages.language import counted, spoken, translated
from shared.values.messages import message
from shared.values.rounding import half_up

_ABOVE = {
    "certain": message(
        "%(higher)s stands %(n)s point above %(lower)s. Chance would almost never do that.",
        "%(higher)s stands %(n)s points above %(lower)s. Chance would almost never do that.",
    ),
    "significant": message(
        "%(higher)s stands %(n)s point above %(lower)s. Chance alone seldom does that.",
        "%(higher)s stands %(n)s points above %(lower)s. Chance alone seldom does that.",
    ),
    "unclear": message(
        "%(higher)s stands %(n)s point above %(lower)s. That could be chance.",
        "%(higher)s stands %(n)s points above %(lower)s. That could be chance.",
    ),
}


def name_of(segment: str) -> str:
    """A segment in a sentence; the whole company."""
    return isolated_text(segment_words(segment)) if segment else translated("The whole company")


def days_of(window: Window, today: date) -> str:
    """From when to when; a window that is not over says so."""
    if window.last == today:
        return translated("%(first)s to today") % {"first": day(window.first)}
    return translated("%(first)s to %(last)s") % {"first": day(window.first), "last": day(window.last)}


def too_few_reason(compared: Comparison) -> str | None:
    """Why there is no difference; None where there is one."""
    if compared.change is not None:
        return None
    words = translated("A comparison takes %(least)s answers on each side; there are %(n)s and %(against)s.")
    return words % {
        "least": MIN_ANSWERS_COMPARED,
        "n": thousands(compared.asked.groups.n),
        "against": thousands(compared.against.groups.n),
    }


def finding_of(read: ReadComparisons) -> str:
    """What the figures say, in one or two sentences."""
    if read.query.has_several:
        return _finding_of_several(read)
    (compared,) = read.comparisons
    if compared.change is None:
        return _too_little(read.query, compared)
    if read.query.other:
        return _difference(compared, compared.change)
    return change_finding(compared.change)


def _finding_of_several(read: ReadComparisons) -> str:
    if not read.tests:
        return translated("Each part has too few answers to say whether it moved.")
    if not read.marked:
        return translated("Nothing moved more than chance would move it.")
    words = counted(
        "%(marked)s of %(n)s moved more than chance would move it.",
        "%(marked)s of %(n)s moved more than chance would move them.",
        read.tests,
    )
    return words % {"marked": thousands(read.marked), "n": thousands(read.tests)}


def _too_little(query: ComparisonQuery, compared: Comparison) -> str:
    facts = {"before": thousands(compared.against.groups.n), "now": thousands(compared.asked.groups.n)}
    if query.other:
        return (
            translated(
                "There is too little to compare: %(now)s answers here, %(before)s there. It takes 30 in each."
            )
            % facts
        )
    return (
        translated(
            "There is too little to compare: %(before)s answers before, %(now)s now. It takes 30 in each."
        )
        % facts
    )


def _difference(compared: Comparison, change: ScoreChange) -> str:
    points = half_up(change.points)
    if points == 0:
        return translated("Both stand at the same score.")
    names = [name_of(compared.asked.segment), name_of(compared.against.segment)]
    higher, lower = names if points > 0 else reversed(names)
    certainty = (
        "certain" if change.p < ALMOST_NEVER_P else "significant" if change.is_significant else "unclear"
    )
    facts = {"n": abs(points), "higher": higher, "lower": lower}
    return spoken(replace(_ABOVE[certainty], facts=facts))


def caution_of(query: ComparisonQuery) -> str:
    """What a difference does not say."""
    if query.other:
        return translated(
            "The two may differ in many things: a difference is linked with none of them by these figures."
        )
    return translated(
        "Other things may have changed, too, and a score that was unusually low often comes back by itself "
        "(regression to the mean): two windows are no experiment."
    )


def period_name(period: Period, unit: PeriodUnit) -> str:
    """A period by its first day; one that is not whole says so."""
    first = day(period.window.first)
    if not period.partial:
        return first
    words = translated("%(day)s, in part") if unit != "day" else translated("%(day)s, so far")
    return words % {"day": first}


def unit_label(unit: PeriodUnit) -> str:
    """What stands above the periods."""
    return {
        "day": translated("Day"),
        "week": translated("Week from"),
        "month": translated("Month from"),
    }[unit]

"""Words of the two questions. A gap is never said to be because of something."""

from services.scorer.domain import MIN_ANSWERS_SHOWN, ScoreChange
from services.scorer.gap.domain import TouchpointImpact
from services.scorer.gap.reading import ReadGap
from services.scorer.labels import ALMOST_NEVER_P, one_decimal, range_of_points
from shared.pages.filters import thousands
from shared.pages.language import counted, translated
from shared.values.rounding import half_up


def finding_of(read: ReadGap) -> str:
    """What the two scores say, in one or two sentences."""
    total = read.total
    if total.change is None:
        facts = {"n": thousands(total.asked.groups.n), "against": thousands(total.against.groups.n)}
        words = translated(
            "There is too little to compare: %(n)s answers after a contact, %(against)s at any time. It "
            "takes 30 of each."
        )
        return words % facts
    return _difference(total.change)


def _difference(change: ScoreChange) -> str:
    points = half_up(change.points)
    if points == 0:
        return translated("After a contact customers give the same score as at any time.")
    if points > 0:
        words = counted(
            "After a contact the score is %(n)s point higher than at any time.",
            "After a contact the score is %(n)s points higher than at any time.",
            points,
        )
    else:
        words = counted(
            "After a contact the score is %(n)s point lower than at any time.",
            "After a contact the score is %(n)s points lower than at any time.",
            -points,
        )
    return f"{words % {'n': abs(points)}} {_certainty(change)}"


def _certainty(change: ScoreChange) -> str:
    if change.p < ALMOST_NEVER_P:
        return translated("Chance would almost never do that.")
    if change.is_significant:
        return translated("Chance alone seldom does that.")
    return translated("That could be chance.")


def parts_finding_of(read: ReadGap) -> str:
    """How many parts have a gap."""
    if not read.parts:
        return translated("No answer of these days has a value of this kind that you may see.")
    if not read.tests:
        return translated("No part has 30 answers to both questions.")
    if not read.marked:
        return translated("No part has a gap that is more than chance.")
    words = counted(
        "%(marked)s of %(n)s part has a gap that is more than chance.",
        "%(marked)s of %(n)s parts have a gap that is more than chance.",
        read.tests,
    )
    return words % {"marked": thousands(read.marked), "n": thousands(read.tests)}


def impact_words(found: TouchpointImpact) -> str:
    """What a touchpoint adds, with one decimal; a dash of too few answers."""
    return one_decimal(found.impact) if found.impact is not None else "\N{EN DASH}"


def impact_range_words(found: TouchpointImpact) -> str:
    """Its range; empty of too few answers."""
    if found.impact is None or found.reach is None:
        return ""
    return range_of_points(float(found.impact) - found.reach, float(found.impact) + found.reach)


def no_impact_reason(found: TouchpointImpact) -> str | None:
    """Why a touchpoint has no impact; None where it has one."""
    if found.impact is not None:
        return None
    return translated("It takes %(least)s answers of this touchpoint, and as many of others.") % {
        "least": MIN_ANSWERS_SHOWN
    }

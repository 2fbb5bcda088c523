"""How the pages say figures and times that only scores have."""

from datetime import datetime, timedelta
from fractions import Fraction

from services.scorer.domain import CHANCE, Change, Groups
from shared.pages.filters import MINUS, clock_time, day, signed
from shared.pages.language import counted, reading, translated
from shared.pages.svg.primitives import DrawnScore
from shared.values.rounding import half_up

ALMOST_NEVER = 0.001
_SOON = timedelta(hours=3)
_NAMED = (
    "Nobody",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
)


def tenth(value: float | Fraction) -> str:
    """A score with one decimal, such as +41.3 or 0.0."""
    tenths = half_up(value * 10)
    sign = "+" if tenths > 0 else MINUS if tenths < 0 else ""
    return f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10}"


def margin(score: DrawnScore) -> str:
    """±4, or both ends where the halves differ."""
    if score.margin is not None:
        return f"±{half_up(score.margin)}"
    return translated("%(low)s to %(high)s") % {"low": signed(score.low95), "high": signed(score.high95)}


def people(n: int) -> str:
    """A count of people at the beginning of a finding, in words as far as twelve."""
    return translated(_NAMED[n]) if n < len(_NAMED) else str(n)


def capital(words: str) -> str:
    """The beginning of a sentence."""
    return words[:1].upper() + words[1:]


def span(length: timedelta) -> str:
    """A length in hours and minutes, or in days."""
    minutes = max(0, int(length / timedelta(minutes=1)))
    hours, days = minutes // 60, minutes // (24 * 60)
    if days:
        return counted("%(n)s day", "%(n)s days", days) % {"n": days}
    if hours:
        return translated("%(h)s h %(m)s min") % {"h": hours, "m": minutes % 60}
    return translated("%(m)s min") % {"m": minutes}


def due(at: datetime) -> str:
    """When something is to be done, seen from now."""
    reader = reading()
    if at < reader.now:
        return translated("%(span)s late") % {"span": span(reader.now - at)}
    if at - reader.now < _SOON:
        return translated("in %(span)s") % {"span": span(at - reader.now)}
    days = (at.astimezone(reader.zone).date() - reader.now.astimezone(reader.zone).date()).days
    when = translated("today") if days == 0 else translated("tomorrow") if days == 1 else day(at)
    return translated("%(when)s %(time)s") % {"when": when, "time": clock_time(at)}


def stands(name: str, score: DrawnScore | None, least: int) -> str:
    """The finding: where it stands, as far as that can be said."""
    if score is None:
        return translated("Nobody answered in this window.")
    ends = {"n": score.n, "low": signed(score.low95), "high": signed(score.high95)}
    if score.n < least:
        return (
            counted("%(n)s answer: too few for a score.", "%(n)s answers: too few for a score.", score.n)
            % ends
        )
    if score.few:
        return translated("%(n)s answers: somewhere from %(low)s to %(high)s.") % ends
    told = {**ends, "name": capital(name), "score": signed(score.nps)}
    if score.margin is None:
        return translated("%(name)s stands at %(score)s, somewhere from %(low)s to %(high)s.") % told
    return translated("%(name)s stands at %(score)s, give or take %(margin)s.") % {
        **told,
        "margin": half_up(score.margin),
    }


def moved(change: Change) -> str:
    """The finding: by how much it moved, and how easily chance alone would do that."""
    points = half_up(change.points)
    if points == 0:
        return translated("It stands where it stood.")
    n, fell = abs(points), points < 0
    if change.p < ALMOST_NEVER and fell:
        words = counted(
            "It fell by %(n)s point. Chance would almost never do that.",
            "It fell by %(n)s points. Chance would almost never do that.",
            n,
        )
    elif change.p < ALMOST_NEVER:
        words = counted(
            "It rose by %(n)s point. Chance would almost never do that.",
            "It rose by %(n)s points. Chance would almost never do that.",
            n,
        )
    elif change.p < CHANCE and fell:
        words = counted(
            "It fell by %(n)s point. Chance alone seldom does that.",
            "It fell by %(n)s points. Chance alone seldom does that.",
            n,
        )
    elif change.p < CHANCE:
        words = counted(
            "It rose by %(n)s point. Chance alone seldom does that.",
            "It rose by %(n)s points. Chance alone seldom does that.",
            n,
        )
    elif fell:
        words = counted(
            "It is %(n)s point lower. That could be chance.",
            "It is %(n)s points lower. That could be chance.",
            n,
        )
    else:
        words = counted(
            "It is %(n)s point higher. That could be chance.",
            "It is %(n)s points higher. That could be chance.",
            n,
        )
    return words % {"n": n}


def too_few(found: Groups, least: int) -> str:
    """What stands in place of a score: who answered, and how many more it takes."""
    d, pa, p = found.detractors, found.passives, found.promoters
    return translated("%(d)s, %(pa)s, %(p)s; %(more)s more needed") % {
        "d": counted("%(n)s detractor", "%(n)s detractors", d) % {"n": d},
        "pa": counted("%(n)s passive", "%(n)s passives", pa) % {"n": pa},
        "p": counted("%(n)s promoter", "%(n)s promoters", p) % {"n": p},
        "more": least - found.n,
    }

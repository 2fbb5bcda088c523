"""Words of the pages for scores, changes, counts and times."""

from datetime import datetime, timedelta
from fractions import Fraction

from msgspec.structs import replace

from services.scorer.domain import MIN_ANSWERS_SHOWN, Groups, ScoreChange
from shared.pages.filters import (
    MINUS,
    clock_time,
    day,
    days_ahead,
    decimal,
    signed,
    touchpoint_name,
    value_name,
)
from shared.pages.language import counted, reader_locale, spoken, translated
from shared.pages.svg.primitives import ChartScore
from shared.pages.texts import NUMBER_WORDS, SOON
from shared.values.messages import message, translatable
from shared.values.rounding import half_up

ALMOST_NEVER_P = 0.001
_ORIGINS = {"survey": "", "link": translatable("by an open link"), "import": translatable("moved in")}


def range_of_points(low: float, high: float) -> str:
    """A range in points with one decimal, such as -3.1 to +0.4."""
    return translated("%(low)s to %(high)s") % {"low": one_decimal(low), "high": one_decimal(high)}


def one_decimal(value: float | Fraction) -> str:
    """A score with one decimal, such as +41.3 or 0.0."""
    tenths = half_up(value * 10)
    sign = "+" if tenths > 0 else MINUS if tenths < 0 else ""
    return decimal(f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10}")


def margin(score: ChartScore) -> str:
    """±4, or both ends where the halves differ."""
    if score.margin is not None:
        return f"±{half_up(score.margin)}"
    return translated("%(low)s to %(high)s") % {"low": signed(score.low95), "high": signed(score.high95)}


def count_in_words(n: int) -> str:
    """A number of people at the beginning of a sentence, up to twelve in words."""
    return translated(NUMBER_WORDS[n]) if n < len(NUMBER_WORDS) else str(n)


def capitalized(words: str) -> str:
    """With a capital, for the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def duration(length: timedelta) -> str:
    """A length in hours and minutes, or in days."""
    minutes = max(0, int(length / timedelta(minutes=1)))
    hours, days = minutes // 60, minutes // (24 * 60)
    if days:
        return counted("%(n)s day", "%(n)s days", days) % {"n": days}
    if hours:
        return translated("%(h)s h %(m)s min") % {"h": hours, "m": minutes % 60}
    return translated("%(m)s min") % {"m": minutes}


def due_time(at: datetime) -> str:
    """When something is due, as seen from now."""
    reader = reader_locale()
    if at < reader.now:
        return translated("%(span)s late") % {"span": duration(reader.now - at)}
    if at - reader.now < SOON:
        return translated("in %(span)s") % {"span": duration(at - reader.now)}
    days = days_ahead(at)
    when = translated("today") if days == 0 else translated("tomorrow") if days == 1 else day(at)
    return translated("%(when)s %(time)s") % {"when": when, "time": clock_time(at)}


def score_finding(name: str, score: ChartScore | None) -> str:
    """Where the score of ``name`` stands, as far as so many answers can tell."""
    if score is None:
        return translated("Nobody answered in this window.")
    ends = {"n": score.n, "low": signed(score.low95), "high": signed(score.high95)}
    if score.n < MIN_ANSWERS_SHOWN:
        return (
            counted("%(n)s answer: too few for a score.", "%(n)s answers: too few for a score.", score.n)
            % ends
        )
    if score.few:
        return translated("%(n)s answers: somewhere from %(low)s to %(high)s.") % ends
    values = {**ends, "name": capitalized(name), "score": signed(score.nps)}
    if score.margin is None:
        return translated("%(name)s stands at %(score)s, somewhere from %(low)s to %(high)s.") % values
    return translated("%(name)s stands at %(score)s, give or take %(margin)s.") % {
        **values,
        "margin": half_up(score.margin),
    }


_CHANGES = {
    ("certain", "fell"): message(
        "It fell by %(n)s point. Chance would almost never do that.",
        "It fell by %(n)s points. Chance would almost never do that.",
    ),
    ("certain", "rose"): message(
        "It rose by %(n)s point. Chance would almost never do that.",
        "It rose by %(n)s points. Chance would almost never do that.",
    ),
    ("significant", "fell"): message(
        "It fell by %(n)s point. Chance alone seldom does that.",
        "It fell by %(n)s points. Chance alone seldom does that.",
    ),
    ("significant", "rose"): message(
        "It rose by %(n)s point. Chance alone seldom does that.",
        "It rose by %(n)s points. Chance alone seldom does that.",
    ),
    ("unclear", "fell"): message(
        "It is %(n)s point lower. That could be chance.",
        "It is %(n)s points lower. That could be chance.",
    ),
    ("unclear", "rose"): message(
        "It is %(n)s point higher. That could be chance.",
        "It is %(n)s points higher. That could be chance.",
    ),
}


def change_finding(change: ScoreChange) -> str:
    """By how much the score moved, and how easily chance alone would do that."""
    points = half_up(change.points)
    if points == 0:
        return translated("It stands where it stood.")
    certainty = (
        "certain" if change.p < ALMOST_NEVER_P else "significant" if change.is_significant else "unclear"
    )
    change_in_words = _CHANGES[certainty, "fell" if points < 0 else "rose"]
    return spoken(replace(change_in_words, facts={"n": abs(points)}))


def p_value(change: ScoreChange) -> str:
    """The p-value with three decimals."""
    return p_value_words(change.p)


def p_value_words(p: float) -> str:
    """Such as p = 0.042; never one that rounds to 0."""
    return decimal(f"p < {ALMOST_NEVER_P}" if p < ALMOST_NEVER_P else f"p = {p:.3f}")


def missing_answers(groups: Groups) -> str:
    """In place of a score: who answered, and how many more answers it takes."""
    d, pa, p = groups.detractors, groups.passives, groups.promoters
    return translated("%(d)s, %(pa)s, %(p)s; %(more)s more needed") % {
        "d": counted("%(n)s detractor", "%(n)s detractors", d) % {"n": d},
        "pa": counted("%(n)s passive", "%(n)s passives", pa) % {"n": pa},
        "p": counted("%(n)s promoter", "%(n)s promoters", p) % {"n": p},
        "more": MIN_ANSWERS_SHOWN - groups.n,
    }


def origin(origin: str) -> str:
    """How an answer came that was not asked for by mail; empty for one that was."""
    return translated(_ORIGINS[origin]) if _ORIGINS[origin] else ""


def case_about(number: int, touchpoint: str | None) -> str:
    """What a case is about: its number and its touchpoint."""
    about = translated("Case %(number)s") % {"number": number}
    return f"{about}, {value_name(touchpoint_name(touchpoint))}" if touchpoint else about


def case_owner(owner: str | None, *, shows_name: bool) -> str:
    """Who works on a case; empty: nobody yet."""
    if owner is None:
        return ""
    return (owner if shows_name else "") or translated("Somebody")

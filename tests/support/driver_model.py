"""What moved a score, by brute force: from the answers themselves, by formulas that are written down anew."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from support.comparison_model import CountedAnswers

LEAST = 30
OTHERS = "the others"


@dataclass(frozen=True)
class TwoSides:
    """The answers of a part before and now."""

    before: CountedAnswers
    now: CountedAnswers

    @property
    def is_enough(self) -> bool:
        sizes = [each.n for each in (self.before, self.now) if each.n]
        return bool(sizes) and min(sizes) >= LEAST


def exact_score(answers: CountedAnswers) -> Fraction:
    return Fraction(100 * (answers.happy - answers.unhappy), answers.n)


def told_parts(whole: TwoSides, parts: Mapping[str, TwoSides]) -> dict[str, TwoSides] | str:
    """The parts that are told, and the others; or why there are none."""
    if min(whole.before.n, whole.now.n) < LEAST:
        return "few_answers"
    answered = {name: part for name, part in parts.items() if part.before.n or part.now.n}
    if not answered:
        return "no_values"
    enough = [name for name in answered if answered[name].is_enough]
    told = sorted(enough, key=lambda name: (-abs(sum(effects(whole, answered[name]))), name))
    while told:
        others = TwoSides(
            left_of(whole, [answered[name] for name in told], lambda sides: sides.before),
            left_of(whole, [answered[name] for name in told], lambda sides: sides.now),
        )
        if not others.before.n and not others.now.n:
            return {name: answered[name] for name in told} if len(told) > 1 else "few_parts"
        if others.is_enough:
            return {**{name: answered[name] for name in told}, OTHERS: others}
        told.pop()
    return "few_parts"


def left_of(
    whole: TwoSides, parts: list[TwoSides], side: Callable[[TwoSides], CountedAnswers]
) -> CountedAnswers:
    """The answers of a window that are in none of the parts."""
    scores = list(side(whole).scores)
    for part in parts:
        for score in side(part).scores:
            scores.remove(score)
    return CountedAnswers(tuple(scores))


def effects(whole: TwoSides, part: TwoSides) -> tuple[Fraction, Fraction]:
    """Mix and rate of a part, by going from before to now in both orders and taking the mean.

    Each part's score is counted from the mean score of the whole.
    """
    old, new = (Fraction(getattr(part, side).n, getattr(whole, side).n) for side in ("before", "now"))
    middle = (exact_score(whole.before) + exact_score(whole.now)) / 2
    known = {side: getattr(part, side) for side in ("before", "now") if getattr(part, side).n}
    scores = {side: exact_score(answers) - middle for side, answers in known.items()}
    was = scores.get("before", scores.get("now", Fraction()))
    is_now = scores.get("now", was)
    shares_first = ((new - old) * was, new * (is_now - was))
    scores_first = ((new - old) * is_now, old * (is_now - was))
    mix, rate = ((one + other) / 2 for one, other in zip(shares_first, scores_first, strict=True))
    return mix, rate


def tenths(value: Any) -> int:
    """Points with one decimal, as a document has them, in whole tenths."""
    found = Decimal(str(value)) * 10
    assert found == found.to_integral_value()
    return int(found)

"""What each part adds to the change of a score: by its share of the answers, and by its own score. Pure.

The decomposition is that of E. M. Kitagawa, "Components of a difference between two rates", Journal of the
American Statistical Association 50 (1955), 1168-1194, in its symmetric form: each of the two effects is
weighted with the mean of both windows, so neither window is the base and nothing is left over. Of part i with
the share w and the score s of its answers, and with the score S of all answers:

    rate_i = (w_before + w_now)/2 * (s_now - s_before)                        same customers, other answers
    mix_i  = (w_now - w_before) * ((s_before + s_now)/2 - (S_before + S_now)/2)   other customers

The shares of all parts add up to 1 in both windows, so the effects of all parts add up to S_now - S_before
exactly. A part that has answers in one window only has one score: nobody knows the other one, so it counts as
the same, and all that such a part adds is mix.

**Which parts are told.** A part is told by itself where it has at least ``MIN_ANSWERS_COMPARED`` answers in
each window in which it has any. All other answers, and those without a value of the dimension, are one more
part: the others. Where these would be too few in a window, the part that adds the least joins them, and so
on, so that what moved the score stays to be seen. So nothing that is told, nor the whole less all that is
told, consists of fewer answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from services.scorer.decomposition.effects import Effect
from services.scorer.decomposition.ranges import Reaches, reaches_of
from services.scorer.decomposition.rounding import apportion, tenths_of
from services.scorer.domain import MIN_ANSWERS_COMPARED, Groups, is_comparable, sum_of_groups
from shared.values.messages import Message, message

MAX_PARTS_SHOWN = 100
"""Those with the most answers; further ones are among the others."""
MIN_PARTS = 2
"""The others are one of them."""
ONE_HALF = Fraction(1, 2)
NoSplit = Literal["few_answers", "no_values", "few_parts"]
"""Why a change is not taken apart: too few answers in a window; none with a value of the dimension; or fewer
than two parts, the others included, with enough answers."""
NO_SPLIT: dict[NoSplit, Message] = {
    "few_answers": message(
        "There are fewer than 30 answers in one of the two windows: too few to take a change apart."
    ),
    "no_values": message("No answer of these days has a value of this kind that you may see."),
    "few_parts": message("Fewer than two parts have the 30 answers in each window that a comparison takes."),
}


@dataclass(frozen=True, slots=True)
class PartGroups:
    """A part's answers in both windows."""

    segment: str
    before: Groups
    now: Groups

    @property
    def n(self) -> int:
        """Of both windows."""
        return self.before.n + self.now.n

    @property
    def is_enough(self) -> bool:
        """Whether there are enough answers in each window in which there are any."""
        return self.n > 0 and all(n == 0 or n >= MIN_ANSWERS_COMPARED for n in (self.before.n, self.now.n))


@dataclass(frozen=True, slots=True)
class PartEffects:
    """A part, and what it adds."""

    groups: PartGroups
    share_before: Fraction
    share_now: Fraction
    mix: Effect
    rate: Effect
    both: Effect
    """The sum of the two; its tenths are the sum of theirs, so they may be two from its exact value."""


@dataclass(frozen=True, slots=True)
class Split:
    """A change taken apart. The parts and the others add up to ``mix`` and ``rate``, these to the change."""

    parts: tuple[PartEffects, ...]
    """Those that add the most, up or down, first."""
    others: PartEffects | None
    """All other answers; None: there are none."""
    merged: int
    """How many parts with answers are among the others, since they are too small, or too many."""
    mix: Effect
    rate: Effect
    change: Fraction
    change_tenths: int
    """The difference of the two scores as they are shown here, each with one decimal."""

    @property
    def rows(self) -> tuple[PartEffects, ...]:
        """All parts, the others last."""
        return (*self.parts, self.others) if self.others is not None else self.parts


@dataclass(frozen=True, slots=True)
class _ExactEffects:
    groups: PartGroups
    share_before: Fraction
    share_now: Fraction
    mix: Fraction
    rate: Fraction


@dataclass(frozen=True, slots=True)
class _Parts:
    told: list[_ExactEffects]
    """Those that add the most, up or down, first."""
    others: PartGroups | None
    merged: int


def split_change(whole: PartGroups, parts: Iterable[PartGroups]) -> Split | NoSplit:
    """The change of the whole's score, taken apart.

    :param parts: parts of the whole that have no answers in common.
    """
    if not is_comparable(whole.before, whole.now):
        return "few_answers"
    answered = [part for part in parts if part.n]
    if not answered:
        return "no_values"
    chosen = _choose(whole, answered)
    if not chosen.told or len(chosen.told) + (chosen.others is not None) < MIN_PARTS:
        return "few_parts"
    others = [_effects_of(chosen.others, whole)] if chosen.others is not None else []
    return _split_of(whole, [*chosen.told, *others], chosen)


def _choose(whole: PartGroups, parts: Sequence[PartGroups]) -> _Parts:
    enough = sorted((part for part in parts if part.is_enough), key=lambda part: (-part.n, part.segment))
    told = [_effects_of(part, whole) for part in enough[:MAX_PARTS_SHOWN]]
    told.sort(key=lambda each: (-abs(each.mix + each.rate), each.groups.segment))
    others = PartGroups(
        "",
        whole.before - sum_of_groups(each.groups.before for each in told),
        whole.now - sum_of_groups(each.groups.now for each in told),
    )
    while others.n and not others.is_enough and told:
        least = told.pop().groups
        others = PartGroups("", others.before + least.before, others.now + least.now)
    return _Parts(told, others if others.n else None, len(parts) - len(told))


def _effects_of(part: PartGroups, whole: PartGroups) -> _ExactEffects:
    share_before, share_now = (
        Fraction(part.before.n, whole.before.n),
        Fraction(part.now.n, whole.now.n),
    )
    mean_of_whole = ONE_HALF * (_score(whole.before, whole.now) + _score(whole.now, whole.before))
    before, now = _score(part.before, part.now), _score(part.now, part.before)
    rate = ONE_HALF * (share_before + share_now) * (now - before)
    mix = (share_now - share_before) * (ONE_HALF * (before + now) - mean_of_whole)
    return _ExactEffects(part, share_before, share_now, mix, rate)


def _score(groups: Groups, otherwise: Groups) -> Fraction:
    """The score of a window, or of the other one where it has no answers."""
    score = groups.nps if groups.n else otherwise.nps
    if score is None:
        raise ValueError("a part without answers has no effect")
    return score


def _split_of(whole: PartGroups, found: Sequence[_ExactEffects], chosen: _Parts) -> Split:
    """Each mix and each rate is rounded up or down to a tenth once, the sums of all mixes and of all rates as
    well: so the parts add up to these, and these to the change that is shown.
    """
    before, now = _score(whole.before, whole.now), _score(whole.now, whole.before)
    change_tenths = tenths_of(now) - tenths_of(before)
    mixes, rates = [each.mix for each in found], [each.rate for each in found]
    mix, rate = sum(mixes, Fraction()), sum(rates, Fraction())
    mix_tenths, rate_tenths = apportion([10 * mix, 10 * rate], change_tenths)
    tenths = list(
        zip(
            apportion([10 * each for each in mixes], mix_tenths),
            apportion([10 * each for each in rates], rate_tenths),
            strict=True,
        )
    )
    reaches = reaches_of([(each.groups.before, each.groups.now) for each in found])
    effects = [
        _part_effects(each, tenths[number], reaches.parts[number]) for number, each in enumerate(found)
    ]
    has_others = chosen.others is not None
    return Split(
        parts=tuple(effects[:-1] if has_others else effects),
        others=effects[-1] if has_others else None,
        merged=chosen.merged,
        mix=Effect(mix, mix_tenths, reaches.mix),
        rate=Effect(rate, rate_tenths, reaches.rate),
        change=now - before,
        change_tenths=change_tenths,
    )


def _part_effects(found: _ExactEffects, tenths: tuple[int, int], reaches: Reaches) -> PartEffects:
    mix_tenths, rate_tenths = tenths
    return PartEffects(
        groups=found.groups,
        share_before=found.share_before,
        share_now=found.share_now,
        mix=Effect(found.mix, mix_tenths, reaches.mix),
        rate=Effect(found.rate, rate_tenths, reaches.rate),
        both=Effect(found.mix + found.rate, mix_tenths + rate_tenths, reaches.both),
    )

"""How far chance alone would move what the parts add to a change: 95 % ranges by the delta method. Pure.

The answers of a window are independent draws from a multinomial distribution over the parts and the three
groups; the two windows are independent of each other. Each effect is a smooth function of the shares and
scores of both windows, so its variance is that of its linear approximation: for each window the mean square
of what one answer changes (its influence), by the number of answers. Shares and scores vary together in it.
Within a part the groups have the pseudo-answers of the adjusted Wald interval, so that thirty answers alike
still have a range. The ranges are symmetric. That of a part with answers in one window only takes it as given
that it has none in the other.

``tests/unit/scorer/test_drivers_ranges.py`` simulates how often the ranges hold the true effects.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from services.scorer.domain import CONFIDENCE, Groups
from shared.values.normal import z_value
from shared.values.score_estimates import PSEUDO_ANSWERS

BothWindows = tuple[Groups, Groups]
"""The answers before and now."""
_SIGNS = (-1, 1)
"""Of the two windows in a change."""
_Outcomes = tuple[tuple[float, float], ...]
"""What one answer may be, in points from -100 to +100: each with its chance."""


@dataclass(frozen=True, slots=True)
class Reaches:
    """Half the widths of the ranges of one part's effects, in points."""

    mix: float
    rate: float
    both: float


@dataclass(frozen=True, slots=True)
class SplitReaches:
    """Half the widths of all ranges of a change that is taken apart."""

    parts: tuple[Reaches, ...]
    mix: float
    rate: float


def reaches_of(parts: Sequence[BothWindows]) -> SplitReaches:
    """The ranges of the effects of parts that make up the whole.

    :param parts: of each the answers before and now; none has none in both.
    """
    windows = [_window_of([part[side] for part in parts]) for side in (0, 1)]
    z = z_value(CONFIDENCE)
    of_parts = tuple(_part_reaches(windows, number, z) for number in range(len(parts)))
    mix, rate = _whole_variances(windows)
    return SplitReaches(of_parts, z * sqrt(mix), z * sqrt(rate))


@dataclass(frozen=True, slots=True)
class _Window:
    """A window as one answer of it is drawn."""

    n: int
    shares: tuple[float, ...]
    outcomes: tuple[_Outcomes, ...]
    """Of an answer of each part."""
    means: tuple[float, ...]
    mean: float
    squares: float
    """The mean square of an answer."""


def _window_of(parts: Sequence[Groups]) -> _Window:
    n = sum(part.n for part in parts)
    shares = tuple(part.n / n for part in parts)
    outcomes = tuple(map(_outcomes_of, parts))
    means = tuple(sum(chance * value for value, chance in each) for each in outcomes)
    mean = sum(share * own for share, own in zip(shares, means, strict=True))
    squares = sum(
        share * chance * value**2
        for share, each in zip(shares, outcomes, strict=True)
        for value, chance in each
    )
    return _Window(n, shares, outcomes, means, mean, squares)


def _outcomes_of(groups: Groups) -> _Outcomes:
    n = groups.n + PSEUDO_ANSWERS
    quarter = PSEUDO_ANSWERS / 4
    return (
        (-100.0, (groups.detractors + quarter) / n),
        (0.0, (groups.passives + 2 * quarter) / n),
        (100.0, (groups.promoters + quarter) / n),
    )


def _part_reaches(windows: Sequence[_Window], number: int, z: float) -> Reaches:
    """Of one part: an answer is of it, with one of three values, or of the others."""
    before, now = windows
    in_both = before.shares[number] > 0 and now.shares[number] > 0
    old, new = (window.means[number] for window in windows)
    if not in_both:
        old = new = new if now.shares[number] > 0 else old
    gap = (old + new) / 2 - (before.mean + now.mean) / 2
    shift = now.shares[number] - before.shares[number]
    mean_share = (before.shares[number] + now.shares[number]) / 2
    # Of the window's score in the mean of the part's scores.
    weight = 0.5 if in_both else 1.0
    variances = [0.0, 0.0, 0.0]
    for sign, window in zip(_SIGNS, windows, strict=True):
        share = window.shares[number]
        mean = window.means[number]
        # Influences of an answer with the value x: on the share (1 or 0, less the share), on the part's score
        # ((x - its mean) / share, of its own answers), on the whole's score (x - mean).
        of_part = [
            (
                share * chance,
                sign * gap * (1 - share)
                + shift * weight * (value - mean) / share
                - shift / 2 * (value - window.mean),
                ((new - old) / 2 * (1 - share) + sign * mean_share * (value - mean) / share)
                if in_both
                else 0.0,
            )
            for value, chance in window.outcomes[number]
            if share
        ]
        mix_constant = -sign * gap * share + shift / 2 * window.mean
        rate_constant = -(new - old) / 2 * share
        sums = _second_moments(of_part)
        rest, first, second = _moments_of_others(window, number)
        # Of the others: mix = constant - shift/2 x, rate = constant.
        mix_rest = rest * mix_constant**2 - mix_constant * shift * first + shift**2 / 4 * second
        rate_rest = rest * rate_constant**2
        cross_rest = rate_constant * (rest * mix_constant - shift / 2 * first)
        mix, rate, cross = sums[0] + mix_rest, sums[1] + rate_rest, sums[2] + cross_rest
        for place, value in enumerate((mix, rate, mix + rate + 2 * cross)):
            variances[place] += max(0.0, value) / window.n
    return Reaches(*(z * sqrt(value) for value in variances))


def _moments_of_others(window: _Window, number: int) -> tuple[float, float, float]:
    """The chance of an answer of another part, and the sums of its value and of its square."""
    own = window.outcomes[number]
    share = window.shares[number]
    square = share * sum(chance * value**2 for value, chance in own)
    return 1 - share, window.mean - share * window.means[number], window.squares - square


def _second_moments(influences: Iterable[tuple[float, float, float]]) -> tuple[float, float, float]:
    mix = rate = cross = 0.0
    for chance, on_mix, on_rate in influences:
        mix += chance * on_mix**2
        rate += chance * on_rate**2
        cross += chance * on_mix * on_rate
    return mix, rate, cross


def _whole_variances(windows: Sequence[_Window]) -> tuple[float, float]:
    """Of the sums of all mixes and of all rates."""
    before, now = windows
    moves = [
        new - old if share_old and share_new else 0.0
        for old, new, share_old, share_new in zip(
            before.means, now.means, before.shares, now.shares, strict=True
        )
    ]
    mix = rate = 0.0
    for sign, window in zip(_SIGNS, windows, strict=True):
        mean_move = sum(share * move for share, move in zip(window.shares, moves, strict=True)) / 2
        for number, share in enumerate(window.shares):
            if not share:
                continue
            in_both = before.shares[number] > 0 and now.shares[number] > 0
            mean_share = (before.shares[number] + now.shares[number]) / 2
            for value, chance in window.outcomes[number]:
                on_rate = moves[number] / 2 - mean_move
                if in_both:
                    on_rate += sign * mean_share * (value - window.means[number]) / share
                on_mix = sign * (value - window.mean) - on_rate
                rate += share * chance * on_rate**2 / window.n
                mix += share * chance * on_mix**2 / window.n
    return mix, rate

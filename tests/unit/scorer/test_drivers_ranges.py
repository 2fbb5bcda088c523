"""The ranges of mix and rate hold the true effects about 19 times in 20: simulated, with a fixed seed."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from services.scorer.decomposition.domain import PartGroups, Split, split_change
from services.scorer.decomposition.effects import Effect
from services.scorer.decomposition.ranges import reaches_of
from services.scorer.domain import Groups, impact_reach

RUNS = 1_000
SLACK = 0.027
"""Almost four standard errors of a share of 95 % in so many runs."""
Mix = Sequence[tuple[float, tuple[float, float, float]]]
"""Of each part its share, and its shares of detractors, passives and promoters."""
MOVED: tuple[Mix, Mix] = (
    [(0.5, (0.2, 0.3, 0.5)), (0.3, (0.4, 0.3, 0.3)), (0.2, (0.1, 0.2, 0.7))],
    [(0.35, (0.3, 0.3, 0.4)), (0.45, (0.4, 0.3, 0.3)), (0.2, (0.2, 0.2, 0.6))],
)
NEW: tuple[Mix, Mix] = (
    [(0.5, (0.2, 0.3, 0.5)), (0.5, (0.4, 0.3, 0.3)), (0.0, (0.1, 0.2, 0.7))],
    [(0.35, (0.3, 0.3, 0.4)), (0.4, (0.4, 0.3, 0.3)), (0.25, (0.2, 0.2, 0.6))],
)
LOPSIDED: tuple[Mix, Mix] = (
    [(0.5, (0.02, 0.08, 0.9)), (0.5, (0.6, 0.3, 0.1))],
    [(0.7, (0.02, 0.08, 0.9)), (0.3, (0.5, 0.3, 0.2))],
)


def drawn(mix: Mix, n: int, random: Random) -> list[Groups]:
    cells = [(number, group) for number in range(len(mix)) for group in range(3)]
    weights = [share * groups[group] for share, groups in mix for group in range(3)]
    found = Counter(random.choices(cells, weights, k=n))
    return [Groups(*(found[number, group] for group in range(3))) for number in range(len(mix))]


def summed(groups: Sequence[Groups]) -> Groups:
    return Groups(
        sum(each.detractors for each in groups),
        sum(each.passives for each in groups),
        sum(each.promoters for each in groups),
    )


def true_effects(before: Mix, now: Mix) -> list[tuple[float, float]]:
    def score(groups: tuple[float, float, float]) -> float:
        return 100 * (groups[2] - groups[0])

    middle = sum(share * score(groups) for share, groups in (*before, *now)) / 2
    found = []
    for (old, groups_old), (new, groups_new) in zip(before, now, strict=True):
        was, is_now = score(groups_old if old else groups_new), score(groups_new)
        found.append(((new - old) * ((was + is_now) / 2 - middle), (old + new) / 2 * (is_now - was)))
    return found


@pytest.mark.parametrize(
    ("case", "sizes"),
    [(MOVED, (400, 500)), (NEW, (300, 350)), (LOPSIDED, (140, 140))],
    ids=["moved", "new", "lopsided"],
)
def test_the_ranges_of_mix_and_rate_hold_the_true_effects(
    case: tuple[Mix, Mix], sizes: tuple[int, int]
) -> None:
    random = Random(5)
    truth = true_effects(*case)
    held: Counter[str] = Counter()
    runs = 0

    def check(name: str, effect: Effect, value: float) -> None:
        held[name] += effect.low <= value <= effect.high

    for _ in range(RUNS):
        sides = [drawn(mix, n, random) for mix, n in zip(case, sizes, strict=True)]
        parts = [
            PartGroups(f"{number}", before, now)
            for number, (before, now) in enumerate(zip(*sides, strict=True))
        ]
        split = split_change(PartGroups("", *map(summed, sides)), parts)
        if not isinstance(split, Split) or split.others is not None:
            continue
        runs += 1
        check("mix", split.mix, sum(mix for mix, _ in truth))
        check("rate", split.rate, sum(rate for _, rate in truth))
        for each in split.parts:
            number = int(each.groups.segment)
            check(f"mix {number}", each.mix, truth[number][0])
            check(f"rate {number}", each.rate, truth[number][1])
            check(f"both {number}", each.both, sum(truth[number]))
    assert runs > 0.85 * RUNS
    assert len(held) == 2 + 3 * len(truth)
    for name, times in held.items():
        assert times / runs >= 0.95 - SLACK, name
    assert min(times / runs for times in held.values()) <= 0.95 + SLACK


def test_a_range_is_half_as_wide_with_four_times_the_answers() -> None:
    parts = [(Groups(200, 300, 500), Groups(300, 300, 400)), (Groups(400, 300, 300), Groups(500, 300, 200))]
    more = [
        tuple(Groups(4 * each.detractors, 4 * each.passives, 4 * each.promoters) for each in both)
        for both in parts
    ]
    once, fourfold = reaches_of(parts), reaches_of([(before, now) for before, now in more])
    assert fourfold.rate == pytest.approx(once.rate / 2, rel=0.01)
    assert fourfold.mix == pytest.approx(once.mix / 2, rel=0.01)
    for one, other in zip(once.parts, fourfold.parts, strict=True):
        for name in ("mix", "rate", "both"):
            assert getattr(other, name) == pytest.approx(getattr(one, name) / 2, rel=0.02)


def test_the_range_of_an_impact_holds_the_true_one() -> None:
    random = Random(7)
    mix: Mix = [(0.3, (0.5, 0.3, 0.2)), (0.7, (0.2, 0.3, 0.5))]
    true = 0.3 * (-30 - 30)
    held = 0
    for _ in range(RUNS):
        part, others = drawn(mix, 150, random)
        whole = summed([part, others])
        impact = part.n * (part.points - whole.points) / others.n
        held += abs(impact - true) <= impact_reach(part, whole)
    assert abs(held / RUNS - 0.95) <= SLACK

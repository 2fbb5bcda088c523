"""Falls: how seldom one is reported where nothing has changed, how soon a real one is, and when one is over."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from msgspec.structs import replace

from services.scorer.domain import Groups
from services.scorer.falls import (
    BEFORE_DAYS,
    LOOKED_DAYS,
    LOOKS_A_YEAR,
    MAX_FALSE_SHARE,
    SETTLED_DAYS,
    ComparedWindows,
    SegmentKey,
    find_falls,
    follow,
    followed_window,
    is_fall,
    limit_of_p,
    look_windows,
)
from shared.events import SegmentFall

TODAY = date(2026, 11, 29)
NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)
BEGINNING_DAYS = max(LOOKED_DAYS) + BEFORE_DAYS
YEAR_DAYS = 365
Mix = tuple[float, float, float]
"""The shares of detractors, passives and promoters."""
MEDIUM: Mix = (0.2, 0.3, 0.5)


class SimulatedSegment:
    """The answers of a segment, day by day."""

    def __init__(self, random: Random, a_day: int, mixes: Sequence[tuple[Mix, int]]) -> None:
        self.sums = [(0, 0, 0)]
        for mix, days in mixes:
            for _ in range(days):
                drawn = random.choices((0, 1, 2), mix, k=a_day)
                counts = (drawn.count(0), drawn.count(1), drawn.count(2))
                self.sums.append(tuple(map(sum, zip(self.sums[-1], counts, strict=True))))  # type: ignore[arg-type]

    def groups(self, first: int, end: int) -> Groups:
        before, after = self.sums[first], self.sums[end]
        return Groups(*(b - a for a, b in zip(before, after, strict=True)))

    def looks(self, day: int) -> Iterator[ComparedWindows]:
        """What is compared when this many days are over."""
        for days in LOOKED_DAYS:
            first = day - days
            yield ComparedWindows(self.groups(first, day), self.groups(first - BEFORE_DAYS, first))

    def first_fall(self, limit: float, days: int = YEAR_DAYS) -> int | None:
        """After how many days that are looked at it is reported."""
        for day in range(BEGINNING_DAYS, BEGINNING_DAYS + days):
            if any(is_fall(looked, limit) for looked in self.looks(day)):
                return day - BEGINNING_DAYS
        return None


@pytest.mark.parametrize(
    ("mix", "a_day"), [(MEDIUM, 3), ((0.45, 0.1, 0.45), 10), ((0.02, 0.08, 0.9), 3)], ids=str
)
def test_where_nothing_changes_fewer_segments_are_reported_in_a_year_than_is_stated(
    mix: Mix, a_day: int
) -> None:
    random, segments = Random(7), 120
    steady = [SimulatedSegment(random, a_day, [(mix, BEGINNING_DAYS + YEAR_DAYS)]) for _ in range(segments)]
    reported = sum(each.first_fall(limit_of_p(1)) is not None for each in steady)
    assert reported <= segments * MAX_FALSE_SHARE
    # Without the adjustment, whoever looks every day is alarmed by most of them.
    assert sum(each.first_fall(0.05) is not None for each in steady) > segments / 3


@pytest.mark.parametrize(("a_day", "most_answers"), [(30, 1_000), (100, 1_000)])
def test_a_fall_of_twenty_points_is_found_within_a_thousand_answers(a_day: int, most_answers: int) -> None:
    random, segments, fallen = Random(8), 40, (0.3, 0.3, 0.4)
    mixes = [(MEDIUM, BEGINNING_DAYS), (fallen, most_answers // a_day)]
    found = [
        SimulatedSegment(random, a_day, mixes).first_fall(limit_of_p(100), most_answers // a_day + 1)
        for _ in range(segments)
    ]
    assert sum(day is not None for day in found) >= 0.9 * segments


def test_each_look_has_its_part_of_what_a_year_may_cost() -> None:
    assert limit_of_p(0) * LOOKS_A_YEAR == pytest.approx(0.01)
    assert limit_of_p(100) * LOOKS_A_YEAR == pytest.approx(0.01)
    assert limit_of_p(10_000) * LOOKS_A_YEAR * 10_000 == pytest.approx(1)
    assert all(limit_of_p(a) >= limit_of_p(b) for a, b in pairwise((1, 10, 100, 1_000, 10_000)))


def test_a_rise_a_small_fall_and_few_answers_are_no_fall() -> None:
    high, low = Groups(100, 200, 1700), Groups(700, 300, 1000)
    assert is_fall(ComparedWindows(now=low, before=high), 0.001)
    assert not is_fall(ComparedWindows(now=high, before=low), 0.999)
    few = Groups(29, 0, 0)
    assert not is_fall(ComparedWindows(now=few, before=high), 0.999)
    assert not is_fall(ComparedWindows(now=low, before=few), 0.999)
    # Four points of two hundred thousand answers each are certain, and too little to matter.
    sure, surer = Groups(40_000, 60_000, 100_000), Groups(44_000, 60_000, 96_000)
    assert not is_fall(ComparedWindows(now=surer, before=sure), 0.001)


def test_the_days_before_a_window_end_where_it_begins() -> None:
    for days in LOOKED_DAYS:
        now, before = look_windows(TODAY, days)
        assert (now.days, now.last, before.days) == (days, TODAY, BEFORE_DAYS)
        assert before.last == now.first - timedelta(days=1)


def a_fall(segment: str = "touchpoint:checkout") -> SegmentFall:
    key = SegmentKey("transactional", segment)
    looked = ComparedWindows(now=Groups(70, 30, 100), before=Groups(100, 200, 700))
    found = find_falls({7: {}, 30: {key: looked}}, TODAY, NOW)
    return found[key]


def test_a_fall_tells_from_which_day_and_between_which_scores() -> None:
    fall = a_fall()
    assert (fall.state, fall.first, fall.found, fall.until) == (
        "fallen",
        TODAY - timedelta(days=29),
        TODAY,
        TODAY,
    )
    assert (fall.n, fall.nps, fall.n_before, fall.nps_before) == (200, 15.0, 1000, 60.0)


def test_the_shorter_window_names_the_days_of_a_fall_that_both_find() -> None:
    key = SegmentKey("transactional", "")
    looked = ComparedWindows(now=Groups(700, 300, 1000), before=Groups(100, 200, 1700))
    fall = find_falls({7: {key: looked}, 30: {key: looked}}, TODAY, NOW)[key]
    assert fall.first == TODAY - timedelta(days=6)


def test_a_fall_lasts_until_enough_answers_have_the_score_of_before() -> None:
    fall = a_fall()
    later = TODAY + timedelta(days=10)
    assert follow(fall, Groups(70, 30, 100), later, NOW).state == "fallen"
    assert follow(fall, Groups(2, 3, 15), later, NOW).state == "fallen"  # as before, but of 20 answers
    back = follow(fall, Groups(20, 40, 135), later, NOW)
    assert (back.state, back.n, back.until) == ("back", 195, later)
    assert back.version > fall.version


def test_a_fall_that_stays_settles_and_its_last_numbers_stay_where_nobody_answers() -> None:
    fall = a_fall()
    assert follow(fall, Groups(0, 0, 0), TODAY + timedelta(days=SETTLED_DAYS - 1), NOW).state == "fallen"
    settled = follow(fall, Groups(0, 0, 0), TODAY + timedelta(days=SETTLED_DAYS), NOW)
    assert (settled.state, settled.n, settled.nps) == ("settled", fall.n, fall.nps)


def test_what_tells_whether_a_score_is_back_is_never_from_before_the_fall() -> None:
    fall = replace(a_fall(), first=TODAY - timedelta(days=6))
    assert followed_window(fall, TODAY).days == 7
    assert followed_window(fall, TODAY + timedelta(days=20)).days == 27
    assert followed_window(fall, TODAY + timedelta(days=90)).days == 30

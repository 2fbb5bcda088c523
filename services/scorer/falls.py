"""When the score of a segment has fallen, and when that is over: once a day, adjusted for looking often.

Each day the last 7 and the last 30 finished days are compared with the 90 days before them, by the two-sample
z test of the pages (:func:`compare_groups`), one-sided; with the larger one of its standard error and that of
all answers together, since so far out either alone is too small for some scores. A segment looked at every
day is found to have fallen by chance sooner or later, unless each look has only a part of what the whole year
may cost. By Bonferroni's inequality, which holds however much the looks depend on each other, the chance of
at least one false alarm in a year is at most the sum of those of its looks, so each look is judged at

    p <= min(1 / 100, 1 / segments) / (365 * 2)

for ``segments`` that are judged on that day. So where nothing has changed, at most one segment of a hundred
is reported in a year, and of a company at most one, however many segments it has. Looks at the same answers
agree with each other, so that it is far fewer: the test of this module simulates it.

Source: Dunn, Multiple Comparisons Among Means, Journal of the American Statistical Association 56(293), 1961.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import erfc, sqrt
from typing import NamedTuple

from msgspec.structs import replace

from services.scorer.domain import (
    MIN_ANSWERS_SHOWN,
    MIN_MOVE_POINTS,
    Groups,
    compare_groups,
    estimate,
    is_comparable,
)
from services.scorer.windows import Window
from shared.events import SegmentFall
from shared.events.surveys import NpsMeasurement
from shared.values.score_estimates import PSEUDO_ANSWERS

LOOKED_DAYS = (7, 30)
"""The lengths of the windows that are compared with the days before them: the first finds a large fall soon,
the second a smaller one, or one of a segment with few answers."""
BEFORE_DAYS = 90
"""The days before such a window that it is compared with."""
LOOKS_A_YEAR = 365 * len(LOOKED_DAYS)
MAX_FALSE_SHARE = 0.01
"""The share of segments that may be reported in a year in which nothing has changed."""
MAX_FALSE_FALLS = 1.0
"""How many of a company's segments may be expected to be reported in such a year."""
FOLLOWED_DAYS = 30
"""Of the days since a fall, so many of the newest tell whether the score is back."""
SETTLED_DAYS = BEFORE_DAYS + FOLLOWED_DAYS
"""After so many days the lower score is the usual one: a further fall is measured from there."""


class SegmentKey(NamedTuple):
    """A segment whose score is judged."""

    measurement: NpsMeasurement
    segment: str


class ComparedWindows(NamedTuple):
    """A segment on one day: the answers of a window, and those of the days before it."""

    now: Groups
    before: Groups


def look_windows(until: date, days: int) -> tuple[Window, Window]:
    """The window of so many days that ends with ``until``, and the days before it."""
    now = Window.ending(until, days)
    return now, Window.ending(now.first - timedelta(days=1), BEFORE_DAYS)


def followed_window(fall: SegmentFall, until: date) -> Window:
    """The days that tell how the segment of a fall stands now; none is from before it."""
    return Window(max(fall.first, Window.ending(until, FOLLOWED_DAYS).first), until)


def limit_of_p(segments: int) -> float:
    """The p-value, one-sided, that one look needs where so many segments are judged."""
    return min(MAX_FALSE_SHARE, MAX_FALSE_FALLS / max(segments, 1)) / LOOKS_A_YEAR


def is_fall(looked: ComparedWindows, limit: float) -> bool:
    """Whether the score is lower than before, by more than chance and by enough to matter."""
    if not is_comparable(looked.before, looked.now):
        return False
    if looked.now.points - looked.before.points > -MIN_MOVE_POINTS:
        return False
    change = compare_groups(looked.before, looked.now)
    if change is None or change.adjusted >= 0:
        return False
    error = max(change.error, pooled_error(looked))
    return erfc(-change.adjusted / 100 / error / sqrt(2)) / 2 <= limit


def pooled_error(looked: ComparedWindows) -> float:
    """The standard error of the difference, from -1 to +1, where both windows had the answers of both."""
    n_now, n_before = looked.now.n, looked.before.n
    both = looked.now + looked.before
    _, error = estimate(both)
    return error * sqrt((both.n + PSEUDO_ANSWERS) * (1 / n_now + 1 / n_before))


def find_falls(
    looked: Mapping[int, Mapping[SegmentKey, ComparedWindows]], until: date, now: datetime
) -> dict[SegmentKey, SegmentFall]:
    """The falls of a company's segments on one day.

    :param looked: by the days of the window, each segment that is not known to have fallen.
    """
    judged = {
        key
        for segments in looked.values()
        for key, each in segments.items()
        if is_comparable(each.before, each.now)
    }
    limit = limit_of_p(len(judged))
    found: dict[SegmentKey, SegmentFall] = {}
    for days in LOOKED_DAYS:
        for key, each in looked[days].items():
            if key not in found and is_fall(each, limit):
                found[key] = SegmentFall(
                    segment=key.segment,
                    measurement=key.measurement,
                    version=fall_version(now),
                    state="fallen",
                    first=Window.ending(until, days).first,
                    found=until,
                    until=until,
                    n_before=each.before.n,
                    nps_before=each.before.points,
                    n=each.now.n,
                    nps=each.now.points,
                    judged_at=now,
                )
    return found


def follow(fall: SegmentFall, since: Groups, until: date, now: datetime) -> SegmentFall:
    """How a fall stands on a later day.

    It is over when the score of :func:`followed_window` is as it was before, or within the points that no
    page calls a move; or when it has been lower for so long that this is usual.

    :param since: the answers of that window.
    """
    fall = replace(fall, version=max(fall.version + 1, fall_version(now)), until=until, judged_at=now)
    if since.n >= MIN_ANSWERS_SHOWN:
        fall = replace(fall, n=since.n, nps=since.points)
    if is_back(fall, since):
        return replace(fall, state="back")
    if (until - fall.found).days >= SETTLED_DAYS:
        return replace(fall, state="settled")
    return fall


def end(fall: SegmentFall, now: datetime) -> SegmentFall:
    """The end of a fall whose segment is an employee by now: what was published stays as it was."""
    return replace(fall, version=max(fall.version + 1, fall_version(now)), state="settled", judged_at=now)


def is_back(fall: SegmentFall, since: Groups) -> bool:
    """Whether enough answers since a fall have the score of before."""
    return is_comparable(since, since) and since.points > fall.nps_before - MIN_MOVE_POINTS


def fall_version(now: datetime) -> int:
    """A later state has a higher version."""
    return int(now.timestamp() * 1_000_000)

"""The pace of a survey's first day, against a simulation of all its mails."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.decisions.first_day import FIRST_DAY, HOUR, find_place, first_day_end, without_place
from services.dispatcher.decisions.hours import Hold

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at_any_time(at: datetime) -> Hold:
    return Hold(until=at)


def in_the_night(at: datetime) -> Hold:
    """Quiet from 20:00 to 08:00."""
    if 8 <= at.hour < 20:
        return Hold(until=at)
    morning = at.replace(hour=8, minute=0, second=0, microsecond=0)
    return Hold(until=morning if at.hour < 8 else morning + timedelta(days=1), by=("quiet_hours",))


@given(
    per_hour=st.integers(1, 4),
    due=st.lists(st.integers(0, 26 * 60), min_size=1, max_size=60),
    late=st.lists(st.integers(0, 90), min_size=1, max_size=7),
    quiet=st.booleans(),
)
def test_no_hour_of_the_first_day_gets_more_mails_than_it_has_places(
    per_hour: int, due: list[int], late: list[int], quiet: bool
) -> None:
    """Mails are due at any minute, and a sender may come late to each of them: nobody is forgotten."""
    hold_at = in_the_night if quiet else at_any_time
    counts: tuple[int, ...] = ()
    waiting = [(hold_at(BEGAN + timedelta(minutes=minute)).until, n, False) for n, minute in enumerate(due)]
    left: list[datetime] = []
    now = BEGAN
    while waiting:
        due_at, n, promised = min(waiting)
        waiting.remove((due_at, n, promised))
        now = max(now, due_at + timedelta(minutes=late[n % len(late)]))
        held = hold_at(now)
        if held.by:
            waiting.append((held.until, n, False))
            continue
        if first_day_end(per_hour, BEGAN, now) is None:
            left.append(now)
            continue
        place = find_place(BEGAN, per_hour, counts, now, due_at if promised else None, hold_at)
        counts = place.counts
        if place.at <= now:
            left.append(now)
        else:
            assert not hold_at(place.at).by
            waiting.append((place.at, n, True))
    assert len(left) == len(due)
    in_hours = Counter((at - BEGAN) // HOUR for at in left if at < BEGAN + FIRST_DAY)
    assert all(count <= per_hour for count in in_hours.values())


def test_what_does_not_fit_the_hour_leaves_evenly_in_the_next_ones() -> None:
    counts: tuple[int, ...] = ()
    times = []
    for _ in range(7):
        place = find_place(BEGAN, 2, counts, BEGAN, None, at_any_time)
        counts = place.counts
        times.append((place.at - BEGAN) / HOUR)
    assert times == [0, 0, 1, 1.5, 2, 2.5, 3]


def test_what_fits_no_hour_waits_until_the_day_is_over() -> None:
    place = find_place(BEGAN, 1, (1,) * 24, BEGAN, None, at_any_time)
    assert place.at == BEGAN + FIRST_DAY
    assert place.counts == (1,) * 24
    assert first_day_end(1, BEGAN, place.at) is None


def test_a_mail_whose_time_has_come_needs_no_second_place() -> None:
    at = BEGAN + 1.5 * HOUR
    place = find_place(BEGAN, 2, (2, 2), at, at, at_any_time)
    assert (place.at, place.counts[:3]) == (at, (2, 2, 0))


def test_a_mail_whose_hour_has_passed_unsent_gets_another_place() -> None:
    now = BEGAN + 2.5 * HOUR
    place = find_place(BEGAN, 2, (2, 2, 2), now, BEGAN + 1.5 * HOUR, at_any_time)
    assert (place.at, place.counts[:4]) == (BEGAN + 3 * HOUR, (2, 2, 2, 1))


def test_fewer_places_than_before_hold_for_what_has_not_left() -> None:
    at = BEGAN + 1.5 * HOUR
    place = find_place(BEGAN, 1, (2, 3), at, at, at_any_time)
    assert (place.at, place.counts[:3]) == (BEGAN + 2 * HOUR, (2, 2, 1))


def test_without_a_limit_there_is_no_first_day() -> None:
    assert first_day_end(0, BEGAN, BEGAN) is None
    assert first_day_end(1, BEGAN, BEGAN) == BEGAN + FIRST_DAY


def test_a_mail_that_was_refused_gives_its_place_back() -> None:
    assert without_place((2, 1, 0), 1) == (2, 0, 0)
    assert without_place((2, 1, 0), 2) == (2, 1, 0)

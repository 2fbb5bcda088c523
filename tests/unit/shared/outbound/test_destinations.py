"""How fast mails go to a destination: never more than its limit, whoever sends, and nothing waits for ever."""

import heapq
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.outbound.destinations import (
    MIN_SPACING,
    NO_LIMITS,
    PERIOD_UNITS,
    REFUSED_RETRY_AFTER_MINUTES,
    DestinationLimit,
    MailDestination,
    read_limits,
)

NOW = datetime(2026, 11, 28, tzinfo=UTC)
limits = st.builds(DestinationLimit, st.integers(1, 40), st.sampled_from(list(PERIOD_UNITS.values())))


def fresh(at: datetime = NOW) -> MailDestination:
    return MailDestination(next_at=at, line_until=at)


class Senders:
    """Mails to one destination, each claimed a while after it is due, as several senders do."""

    def __init__(self, limit: DestinationLimit | None, due: list[datetime], delays: list[timedelta]) -> None:
        self.limit = limit
        self.state = fresh(min(due))
        self.claims = 0
        self._now = min(due)
        self._delays = delays
        self._due = [(at, number, False) for number, at in enumerate(due)]
        heapq.heapify(self._due)

    def next_leaves_at(self) -> datetime | None:
        """When the next mail leaves; None: all have."""
        while self._due:
            due_at, number, has_place = heapq.heappop(self._due)
            now = self._now = max(self._now, due_at) + self._delays[self.claims % len(self._delays)]
            self.claims += 1
            at, self.state = self.state.leaving(self.limit, now, has_place=has_place)
            if at <= now:
                return now
            heapq.heappush(self._due, (at, number, True))
        return None


def all_that_leave(senders: Senders) -> list[datetime]:
    found = []
    while (at := senders.next_leaves_at()) is not None:
        found.append(at)
    return found


delays = st.lists(st.sampled_from([0.0, 0.001, 0.4, 1.0, 3.0, 59.0, 600.0, 9000.0]), min_size=1, max_size=5)


@given(limit=limits, due=st.lists(st.floats(0, 4 * 3600), min_size=1, max_size=60), late=delays)
def test_no_period_has_more_mails_than_the_limit_and_each_leaves_once(
    limit: DestinationLimit, due: list[float], late: list[float]
) -> None:
    senders = Senders(
        limit, [NOW + timedelta(seconds=one) for one in due], [timedelta(seconds=one) for one in late]
    )
    left = sorted(all_that_leave(senders))
    assert len(left) == len(due)
    for first, beyond in zip(left, left[limit.mails :], strict=False):
        assert beyond - first >= limit.period


@given(limit=limits, refusals=st.lists(st.booleans(), min_size=1, max_size=60))
def test_nor_while_the_destination_refuses_mails_now_and_then(
    limit: DestinationLimit, refusals: list[bool]
) -> None:
    senders = Senders(limit, [NOW] * len(refusals), [timedelta(seconds=0.5)])
    left = []
    for refuses in refusals:
        at = senders.next_leaves_at()
        assert at is not None
        left.append(at)
        answered = at + timedelta(seconds=0.2)
        state = senders.state
        senders.state = (
            state.after_refusal(limit, at, answered) if refuses else state.after_acceptance(limit, answered)
        )
    for first, beyond in zip(left, left[limit.mails :], strict=False):
        assert beyond - first >= limit.period


@given(limit=limits, mails=st.integers(1, 100))
def test_what_is_due_at_once_leaves_by_the_limit_and_is_looked_at_twice_at_most(
    limit: DestinationLimit, mails: int
) -> None:
    senders = Senders(limit, [NOW] * mails, [timedelta()])
    assert all_that_leave(senders) == [NOW + limit.interval * n for n in range(mails)]
    assert senders.claims <= 2 * mails


@given(limit=limits, late=st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_who_is_late_within_the_tolerance_takes_no_place_from_those_behind(
    limit: DestinationLimit, late: list[float]
) -> None:
    _, state = fresh().leaving(limit, NOW, has_place=False)
    places = []
    for _ in late:
        place, state = state.leaving(limit, NOW, has_place=False)
        places.append(place)
    for place, part in zip(places, late, strict=True):
        now = place + limit.tolerance * part
        at, state = state.leaving(limit, now, has_place=True)
        assert at == now


def test_what_has_a_place_leaves_before_what_comes_later() -> None:
    limit = DestinationLimit(60, PERIOD_UNITS["h"])
    _, state = fresh().leaving(limit, NOW, has_place=False)
    place, state = state.leaving(limit, NOW, has_place=False)
    assert place == NOW + limit.interval
    newcomer, state = state.leaving(limit, place, has_place=False)
    assert newcomer == place + limit.interval
    assert state.leaving(limit, place, has_place=True)[0] == place


def test_without_a_limit_and_a_refusal_nothing_waits() -> None:
    for _ in range(5):
        assert fresh().leaving(None, NOW, has_place=False) == (NOW, fresh())


def test_a_destination_that_refuses_gets_one_mail_now_and_then_until_it_accepts_one() -> None:
    now, state = NOW, fresh()
    for minutes in (*REFUSED_RETRY_AFTER_MINUTES, REFUSED_RETRY_AFTER_MINUTES[-1]):
        state = state.after_refusal(None, now, now)
        assert state.after_refusal(None, now - timedelta(seconds=1), now) == state
        for seconds in range(0, 60 * minutes, 20):
            at, state = state.leaving(None, now + timedelta(seconds=seconds), has_place=True)
            assert at > now + timedelta(seconds=seconds)
        now += timedelta(minutes=minutes)
        assert state.leaving(None, now, has_place=True)[0] == now
        _, state = state.leaving(None, now, has_place=True)
        assert state.leaving(None, now, has_place=True)[0] > now
    state = state.after_acceptance(None, now)
    assert [state.leaving(None, now, has_place=True)[0] for _ in range(3)] == [now] * 3
    assert state.after_acceptance(None, now) == state


def test_mails_that_wait_for_a_destination_that_refuses_come_one_after_the_other() -> None:
    state = fresh().after_refusal(None, NOW, NOW)
    places = []
    for _ in range(50):
        at, state = state.leaving(None, NOW, has_place=False)
        places.append(at)
    assert places == sorted(set(places))
    assert places[-1] - places[0] == 49 * MIN_SPACING


def test_limits_are_read_for_domains_for_groups_and_for_all_others() -> None:
    pace = read_limits("gmail.com+GoogleMail.com=600/h, Bücher.example=10/min,*=3000/h")
    assert (
        pace.of("gmail.com")
        == pace.of("googlemail.com")
        == ("gmail.com", DestinationLimit(600, timedelta(hours=1)))
    )
    assert pace.of("xn--bcher-kva.example")[1] == DestinationLimit(10, timedelta(minutes=1))
    assert pace.of("other.example") == ("other.example", DestinationLimit(3000, timedelta(hours=1)))
    assert read_limits("") == read_limits(" , ") == NO_LIMITS
    assert NO_LIMITS.of("gmail.com") == ("gmail.com", None)


@pytest.mark.parametrize(
    "given",
    ["gmail.com", "gmail.com=0/h", "gmail.com=-1/h", "gmail.com=6/day", "gmail.com=9999999/h", "=5/h", "a b=5/h",
     "gmail.com=5/h, GMAIL.com=6/h", "*=1/h, *=2/h", "gmail.com+*=5/h", "gmail=5/h", "x@gmail.com=5/h"],
)  # fmt: skip
def test_a_faulty_limit_is_told(given: str) -> None:
    with pytest.raises(ValueError, match=r"must be|two limits"):
        read_limits(given)

"""When a standing programme asks each customer."""

import itertools
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dispatcher_builders import NOON

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.programmes.turns import (
    Progress,
    after_page,
    at_pace,
    begun,
    event_of,
    reached,
    slot_of,
    without_missed,
)
from services.dispatcher.surveys.schemas import SurveyBody
from shared.events import TRANSACTIONS, Transaction

SURVEY, OTHER = UUID(int=1), UUID(int=2)
MAX_AGE = timedelta(days=7)


def person(n: int | str) -> str:
    """The pseudonym of a customer."""
    return sha256(f"{n}".encode()).hexdigest()


def start(every_days: int = 30, now: datetime = NOON, survey: UUID = SURVEY) -> Progress:
    return begun("a secret", "havnbo", survey, every_days, now)


def a_profile(who: str) -> CustomerProfile:
    return CustomerProfile(
        "havnbo", who, f"c-{who[:8]}", "cd" * 32, "kim@example.com", "da", None, None, {}, NOON
    )


@dataclass
class Worker:
    """What the loop does, with a list of customers for the database."""

    progress: Progress
    now: datetime = NOON
    page: int = 3
    known: list[str] = field(default_factory=list)
    events: list[Transaction] = field(default_factory=list)

    def join(self, *persons: str) -> None:
        self.known = sorted({*self.known, *persons})

    def step(
        self, *, every_days: int | None = None, since: datetime | None = None, killed: bool = False
    ) -> bool:
        """One page; a process that is killed leaves nothing of it. Returns whether there is more."""
        days = every_days or self.progress.every_days
        earliest = max(self.now - MAX_AGE, since or self.now - MAX_AGE)
        progress = without_missed(at_pace(self.progress, days), earliest)
        until = reached(progress, self.now)
        first = bisect_right(self.known, progress.position)
        last = bisect_left(self.known, until) if until is not None else len(self.known)
        persons = self.known[first : min(last, first + self.page)] if last > first else []
        is_full = len(persons) == self.page
        if killed:
            return True
        self.events += [event_of(progress, a_profile(who), self.now) for who in persons]
        self.progress = after_page(progress, until, persons, is_full=is_full)
        return is_full or until is None

    def run(self, **values: Any) -> None:
        while self.step(**values):
            pass

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)


def by_person(worker: Worker) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = {}
    for event in worker.events:
        found.setdefault(event.person or "", []).append(event.occurred_at)
    return found


steps = st.lists(
    st.tuples(
        st.floats(0, 6.5), st.booleans(), st.integers(0, 3), st.lists(st.integers(100, 160), max_size=2)
    ),
    min_size=1,
    max_size=40,
)


@given(steps, st.integers(1, 4), st.integers(7, 60))
def test_whatever_the_clock_does_and_whoever_joins_each_customer_is_asked_once_in_each_period(
    made: list[tuple[float, bool, int, list[int]]], page: int, every_days: int
) -> None:
    worker, alone = (Worker(start(every_days), page=page) for _ in range(2))
    first = {person(n) for n in range(20)}
    worker.join(*first)
    alone.join(*first)
    for days, killed, pages, joined in made:
        for each in (worker, alone):
            each.on(days=days)
        worker.join(*(person(n) for n in joined))
        worker.step(killed=killed)
        for _ in range(pages):
            worker.step()
        worker.run()
        alone.run()
    assert max(Counter(event.event_id for event in worker.events).values(), default=1) == 1
    for event in worker.events:
        assert NOON - timedelta(seconds=1) <= event.occurred_at <= event.accepted_at
    length = timedelta(days=every_days)
    for who, times in by_person(worker).items():
        assert all(later - earlier == length for earlier, later in itertools.pairwise(times))
        if who in first:
            assert times[0] < NOON + length
            assert times[-1] > worker.now - length
    never = first - by_person(worker).keys()
    assert not never or worker.now < NOON + length
    kept = [event for event in worker.events if event.person in first]
    assert {(event.event_id, event.occurred_at) for event in kept} == {
        (event.event_id, event.occurred_at) for event in alone.events
    }


@given(st.lists(st.tuples(st.sampled_from([7, 30, 31, 365]), st.floats(0, 6)), min_size=1, max_size=30))
def test_at_another_pace_it_goes_on_from_where_it_is(made: list[tuple[int, float]]) -> None:
    worker = Worker(start(30))
    worker.join(*(person(n) for n in range(40)))
    paces = {30}
    for every_days, days in made:
        worker.run(every_days=every_days)
        worker.on(days=days)
        worker.run()
        paces.add(every_days)
    assert max(Counter(event.event_id for event in worker.events).values(), default=1) == 1
    second = timedelta(seconds=1)
    for times in by_person(worker).values():
        for earlier, later in itertools.pairwise(times):
            assert (
                timedelta(days=min(paces)) - second <= later - earlier <= timedelta(days=max(paces)) + second
            )


@given(st.floats(0, 100), st.floats(0, 100))
def test_after_a_pause_nobody_is_asked_for_a_turn_that_came_in_it(before: float, paused: float) -> None:
    worker = Worker(start(30), page=100)
    worker.join(*(person(n) for n in range(60)))
    worker.on(days=min(before, 6))
    worker.run()
    asked = len(worker.events)
    began = worker.now
    worker.on(days=paused)
    resumed = worker.now
    worker.run(since=resumed)
    assert len(worker.events) == asked
    for _ in range(10):
        worker.on(days=3)
        worker.run(since=resumed)
    after = worker.events[asked:]
    assert len({event.person for event in after}) == len(after) == 60
    assert all(
        event.occurred_at >= resumed - timedelta(seconds=1) >= began - timedelta(seconds=1) for event in after
    )


def test_what_was_missed_for_longer_than_the_maximum_age_is_left_out() -> None:
    worker = Worker(start(30), page=100)
    worker.join(*(person(n) for n in range(600)))
    worker.on(days=20)
    worker.run()
    assert {event.occurred_at >= worker.now - MAX_AGE - timedelta(seconds=1) for event in worker.events} == {
        True
    }
    assert 100 < len(worker.events) < 180
    worker.on(days=500)
    worker.run()
    assert len(worker.events) < 360


def test_turns_are_spread_evenly_over_the_days_of_a_year_in_all_and_in_each_segment() -> None:
    """B14: chi-square over the days."""
    progress = start(365)
    days: dict[str, Counter[int]] = {"all": Counter(), "big": Counter(), "small": Counter()}
    n = 36_500
    for number in range(n):
        day = (slot_of(progress, person(number)) - progress.began_at).days
        segment = "small" if number % 20 == 0 else "big"
        days["all"][day] += 1
        days[segment][day] += 1
    for counts in days.values():
        expected = counts.total() / 365
        chi_square = sum((counts[day] - expected) ** 2 / expected for day in range(365))
        assert set(counts) <= set(range(365))
        assert 250 < chi_square < 500  # 364 degrees of freedom: p < 0.00001 outside of it


def test_it_begins_at_the_same_place_whenever_it_begins() -> None:
    one, later = start(90, NOON), start(90, NOON + timedelta(days=5))
    assert one.ends_at in {later.ends_at, later.began_at}
    assert slot_of(one, one.position) == pytest.approx(NOON, abs=timedelta(seconds=1))
    who = person(1)
    shift = abs(slot_of(one, who) - slot_of(start(90, survey=OTHER), who)) % timedelta(days=90)
    assert timedelta(hours=1) < shift < timedelta(days=90) - timedelta(hours=1)
    assert start(90).group != start(90, survey=OTHER).group


@pytest.mark.parametrize("customer_id", ["c-1", "x" * 200])
def test_the_event_of_a_customer_has_one_identity_in_a_period_and_is_one_of_a_wave(customer_id: str) -> None:
    profile = a_profile(person(1))._replace(customer_id=customer_id)
    progress = start()
    event = event_of(progress, profile, NOON)
    assert (event.wave_of, event.test_of, event.type) == (SURVEY, None, f"wave.{SURVEY}")
    assert event.id.startswith(f"{SURVEY}/{progress.period}/")
    assert event.event_id == event_of(progress, profile, NOON + timedelta(hours=3)).event_id
    assert event.event_id != event_of(start(now=NOON + timedelta(days=31)), profile, NOON).event_id
    encoded = TRANSACTIONS.encode(TRANSACTIONS.event("havnbo", event, NOON))
    assert TRANSACTIONS.decode(encoded).data == event


def test_a_body_with_a_programme_is_a_draft_with_it() -> None:
    body = {"name": "x", "trigger": "y", "measurement": "relational", "programme": {"every_days": 180}}
    programme = SurveyBody.model_validate(body).draft().programme
    assert programme is not None
    assert programme.every_days == 180

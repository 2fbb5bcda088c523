"""When a programme tries a refused turn again."""

import itertools
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dispatcher_builders import NOON

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.decisions.reasons import SEARCHED_REASONS
from services.dispatcher.programmes.tries import (
    PASSING_REASONS,
    days_between,
    groups_of,
    ranges_between,
    tries_of,
    try_again,
)
from services.dispatcher.programmes.turns import (
    Progress,
    after_page,
    at_pace,
    begun,
    event_of,
    reached,
    slot_of,
)

SURVEY, SECOND = UUID(int=1), timedelta(seconds=1)
PERSONS = sorted(sha256(f"{n}".encode()).hexdigest() for n in range(40))


def a_profile(who: str, customer_id: str = "kim") -> CustomerProfile:
    return CustomerProfile(
        "havnbo", who, customer_id, "cd" * 32, "kim@example.com", "da", None, None, {}, NOON
    )


def start(every_days: int) -> Progress:
    return begun("a secret", "havnbo", SURVEY, every_days, NOON)


@pytest.mark.parametrize(
    ("every_days", "between", "tries"),
    [(7, 1, 7), (14, 2, 7), (30, 4, 8), (90, 7, 13), (365, 7, 53), (730, 7, 105)],
)
def test_it_is_tried_each_week_or_as_often_in_a_short_period_and_never_at_the_next_turn(
    every_days: int, between: int, tries: int
) -> None:
    assert (days_between(every_days), tries_of(every_days)) == (between, tries)
    assert (tries - 1) * between < every_days <= tries * between


@given(st.lists(st.tuples(st.floats(0, 4), st.integers(1, 9)), min_size=1, max_size=60), st.integers(7, 60))
def test_whatever_the_steps_are_each_try_of_each_customer_comes_once_at_its_distance_from_the_turn(
    steps: list[tuple[float, int]], every_days: int
) -> None:
    progress, now = start(every_days), NOON
    came: Counter[tuple[str, int, str]] = Counter()
    length, between = timedelta(days=every_days), timedelta(days=days_between(every_days))
    for days, page in steps:
        now += timedelta(days=days)
        more = True
        while more:
            until = reached(progress, now)
            after = [who for who in PERSONS if who > progress.position and (until is None or who < until)][
                :page
            ]
            is_full = len(after) == page
            moved = after_page(progress, until, after, is_full=is_full)
            for number, first, last in ranges_between(progress, moved):
                for who in PERSONS:
                    if not (who >= first and (last is None or who < last)):
                        continue
                    came[who, number, progress.period] += 1
                    event = try_again(progress, number, "2026-11-01", a_profile(who), now)
                    if event is None:
                        continue
                    assert now - between < event.occurred_at <= now
                    behind = event.occurred_at - slot_of(progress, who) - (number - 1) * between
                    assert min(behind % length, -behind % length) < SECOND
            progress, more = moved, is_full or until is None
    assert max(came.values(), default=1) == 1
    for who, number in itertools.product(PERSONS, range(2, tries_of(every_days) + 1)):
        passed = slot_of(start(every_days), who) + (number - 1) * between - NOON
        expected = {(now - NOON - passed % length + by) // length for by in (-SECOND, SECOND)}
        assert sum(n for each, n in came.items() if each[:2] == (who, number)) - 1 in expected


def test_a_try_has_an_identity_of_its_own_which_no_customer_id_can_take() -> None:
    progress, who = start(30), PERSONS[0]
    first = event_of(progress, a_profile(who, "3/kim"), NOON)
    now = slot_of(progress, who) + timedelta(days=8)
    third = try_again(progress, 3, progress.period, a_profile(who), now)
    assert third is not None
    assert third.id == f"{SURVEY}/{progress.period}/3/kim" == first.id
    assert third.source == f"afterword/wave/{SURVEY}/{progress.period}/3"
    assert third.event_id != first.event_id
    again = try_again(progress, 3, progress.period, a_profile(who), now + timedelta(hours=1))
    assert again is not None
    assert again.event_id == third.event_id
    assert (third.wave_of, third.test_of) == (SURVEY, None)
    assert {first.source, third.source} <= {f"afterword/wave/{group}" for group in groups_of(progress)}


def test_a_try_that_was_missed_for_so_long_that_the_next_one_has_come_is_left_out() -> None:
    progress, who = start(90), PERSONS[0]
    late = slot_of(progress, who) + timedelta(days=15)
    assert try_again(progress, 2, progress.period, a_profile(who), late) is None
    assert try_again(progress, 3, progress.period, a_profile(who), late) is not None


def test_at_another_pace_the_tries_keep_their_distance() -> None:
    progress = at_pace(start(30), 90)
    who = PERSONS[0]
    event = try_again(
        progress, 2, progress.period, a_profile(who), slot_of(progress, who) + timedelta(days=7)
    )
    assert event is not None
    assert abs(event.occurred_at - slot_of(progress, who) - timedelta(days=7)) < SECOND


LASTING_REASONS = {
    *("invited", "unknown_tenant", "no_survey", "erased", "no_address", "bad_address", "nobody", "opted_out"),
    *(
        "complained",
        "suppressed",
        "undeliverable",
        "no_basis",
        "conditions",
        "channel",
        "sampled_out",
        "outranked",
    ),
}


def test_each_reason_either_passes_within_a_period_or_lasts() -> None:
    """Whoever adds a reason says here, or in ``PASSING_REASONS``, whether a turn that it refused is tried again."""
    assert not PASSING_REASONS & LASTING_REASONS
    assert {*SEARCHED_REASONS, "test_mode"} == PASSING_REASONS | LASTING_REASONS

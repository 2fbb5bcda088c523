"""Who is in a wave, and how many it takes."""

import math
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dispatcher_builders import NOON

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.decisions.domain import decide
from services.dispatcher.decisions.sampling import Draw
from services.dispatcher.decisions.values import CandidateSurvey, Person
from services.dispatcher.statistics import PastAnswers
from services.dispatcher.waves.drawing import (
    BUCKETS,
    Wave,
    answers_needed,
    bucket_of,
    event_of,
    limit_bucket,
    limit_place,
    place_of,
    plan_wave,
    reached,
    wave_key,
)
from shared.conditions.event_fields import EventFields
from shared.events import TRANSACTIONS

WAVE, OTHER = UUID(int=1), UUID(int=2)
KEY = wave_key("a secret")
MANY = 1_000_000_000


def a_wave(**changes: Any) -> Wave:
    facts: dict[str, Any] = {
        "tenant": "havnbo",
        "id": WAVE,
        "survey_id": OTHER,
        "state": "publishing",
        "size": 10,
        "margin": None,
        "segments": {},
        "start_at": NOON,
        "spread_hours": 24,
        "created_at": NOON,
        "who": "Sara Lund",
        "chosen": 10,
        "limit": None,
        "started_at": NOON,
        "position": "",
        "published": 0,
        "ended_at": None,
    }
    return Wave(**{**facts, **changes})


def a_profile(customer_id: str = "c-1") -> CustomerProfile:
    return CustomerProfile(
        "havnbo", "ab" * 32, customer_id, "cd" * 32, "kim@example.com", "da", "DK", None, {"store": "a"}, NOON
    )


@pytest.mark.parametrize(
    ("variance", "margin", "answers"),
    [(0.61, 5, 935), (0.61, 10, 232), (0.61, 15, 102), (0.61, 20, 56),
     (1.0, 5, 1534), (1.0, 10, 382), (1.0, 15, 168), (1.0, 20, 94)],
)  # fmt: skip
def test_the_answers_that_a_margin_needs(variance: float, margin: int, answers: int) -> None:
    assert answers_needed(margin, variance, MANY) == answers


@pytest.mark.parametrize(("population", "answers"), [(1_000, 188), (500, 158), (200, 107), (1, 1), (0, 0)])
def test_where_few_can_be_asked_fewer_answers_are_needed(population: int, answers: int) -> None:
    assert answers_needed(10, 0.61, population) == answers


@given(st.integers(1, 30), st.floats(0, 1), st.integers(0, 10**7))
def test_never_more_answers_than_customers_and_hardly_more_for_a_wider_margin(
    margin: int, variance: float, population: int
) -> None:
    needed = answers_needed(margin, variance, population)
    assert min(1, population) <= needed <= population
    assert answers_needed(margin + 1, variance, population) <= needed + 1


def test_the_size_follows_from_the_surveys_own_answers_once_there_are_enough() -> None:
    few = PastAnswers(delivered=50, promoters=30, detractors=10)
    assert plan_wave(None, 10, MANY, few)[1:] == (382 * 5, 382, 20)
    enough = PastAnswers(delivered=1_000, promoters=250, passives=150, detractors=100)
    variance = 0.5 + 0.2 - 0.3**2
    assert enough.variance == pytest.approx(variance)
    assert plan_wave(None, 10, MANY, enough)[1:] == (464, 232, 50)
    assert plan_wave(400, None, 300, enough) == (300, 300, None, None)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=60, unique=True), st.data())
def test_the_limit_lets_exactly_so_many_through(places: list[int], data: Any) -> None:
    size = data.draw(st.integers(1, len(places)))
    counts = [0] * BUCKETS
    for place in places:
        counts[bucket_of(place)] += 1
    last = limit_bucket(counts, size)
    limit = limit_place([place for place in places if bucket_of(place) == last.bucket], last.rest)
    assert sum(place <= limit for place in places) == size


def test_who_is_chosen_is_the_same_again_and_another_in_another_wave() -> None:
    def chosen(wave: UUID, persons: range) -> set[int]:
        places = {n: place_of(KEY, wave, "havnbo", f"person-{n}") for n in persons}
        return set(sorted(places, key=places.__getitem__)[:400])

    first, again, other = (chosen(wave, range(10_000)) for wave in (WAVE, WAVE, OTHER))
    assert first == again
    expected = 400 * 400 / 10_000
    assert abs(len(first & other) - expected) < 6 * math.sqrt(expected)


def test_places_are_spread_evenly() -> None:
    bins, n = 64, 20_000
    counts = [0] * bins
    for each in range(n):
        counts[place_of(KEY, WAVE, "havnbo", f"{each}") * bins >> 64] += 1
    chi_square = sum((count - n / bins) ** 2 / (n / bins) for count in counts)
    assert chi_square < 120  # 63 degrees of freedom: p < 0.00002


def test_a_wave_comes_as_far_as_its_time_has_come() -> None:
    wave = a_wave()
    assert reached(wave, NOON) == "0" * 16
    assert reached(wave, NOON + timedelta(hours=12)) == "8" + "0" * 15
    assert reached(wave, NOON + timedelta(hours=24)) is None
    assert reached(a_wave(spread_hours=0), NOON) is None
    assert reached(wave, NOON - timedelta(hours=1)) == "0" * 16


@pytest.mark.parametrize("customer_id", ["c-1", "x" * 200])
def test_the_event_of_a_customer_has_one_identity_that_can_be_read(customer_id: str) -> None:
    event = event_of(a_wave(), a_profile(customer_id), NOON)
    assert event.id.startswith(f"{a_wave().id}/")
    assert (event.wave_of, event.test_of) == (OTHER, None)
    assert event.type == f"wave.{OTHER}"
    assert event.event_id == event_of(a_wave(published=5), a_profile(customer_id), NOON).event_id
    assert event.event_id != event_of(a_wave(id=OTHER), a_profile(customer_id), NOON).event_id
    encoded = TRANSACTIONS.encode(TRANSACTIONS.event("havnbo", event, NOON))
    assert TRANSACTIONS.decode(encoded).data == event


def a_survey(number: int, trigger: str, **changes: Any) -> CandidateSurvey:
    return CandidateSurvey(
        **{
            "id": UUID(int=number),
            "survey_version": 1,
            "name": "",
            "trigger": trigger,
            "state": "live",
            **changes,
        }
    )


def test_in_a_wave_its_survey_alone_asks_and_only_while_it_is_live() -> None:
    event = event_of(a_wave(), a_profile(), NOON)
    others = a_survey(7, "*"), a_survey(8, event.type)

    def outcome(own: CandidateSurvey) -> Any:
        return decide(
            event_type=event.type, occurred_at=NOON, now=NOON, surveys=[*others, own], mode="live",
            person=Person(address="good"), fields=EventFields(event), draws=lambda _: Draw(drawn=False), wave_of=OTHER,
        )  # fmt: skip

    asked = outcome(a_survey(2, "never"))
    assert (asked.reason, asked.survey.id) == ("invited", OTHER)
    assert outcome(a_survey(2, "never", state="paused")).reason == "paused"
    assert outcome(a_survey(3, "never")).reason == "no_survey"

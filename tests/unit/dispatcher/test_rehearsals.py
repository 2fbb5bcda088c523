"""A rehearsal is judged beside the decision, and what it expects is said with where that comes from."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dispatcher_builders import a_transaction

from services.dispatcher.decisions.domain import decide
from services.dispatcher.decisions.rehearsing import rehearse
from services.dispatcher.decisions.sampling import NO_DRAW
from services.dispatcher.decisions.values import (
    CandidateSurvey,
    Person,
    Verdict,
)
from services.dispatcher.rehearsals.results import (
    MAX_DAYS,
    MAX_EXAMPLES,
    RateSource,
    Rehearsal,
    RehearsedEvent,
    expect,
)
from services.dispatcher.statistics import PastAnswers
from services.dispatcher.surveys.domain import state_and_stage
from shared.conditions.event_fields import EventFields
from shared.events.surveys import SurveyState

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
SURVEYS = st.lists(
    st.builds(
        lambda state, days: {"state": state, "quarantine_days": days},
        st.sampled_from(("draft", "rehearsal", "live", "paused")),
        st.sampled_from((0, 90)),
    ),
    max_size=5,
)


def a_survey(number: int, **changes: Any) -> CandidateSurvey:
    rules = {"trigger": "order.delivered", "state": "live", "place": number}
    return CandidateSurvey(
        **{"id": UUID(int=number), "survey_version": 1, "name": f"s{number}", **rules, **changes}
    )


def decide_by(person: Person) -> Any:
    return partial(
        decide,
        event_type="order.delivered",
        occurred_at=NOW,
        now=NOW,
        person=person,
        mode="live",
        fields=EventFields(a_transaction()),
        draws=lambda _: NO_DRAW,
    )


def rehearsed(surveys: list[CandidateSurvey], person: Person) -> dict[str, str]:
    found = rehearse(surveys, "order.delivered", lambda tried: decide_by(person)(surveys=tried))
    return {one.name: one.why for one in found}


@given(SURVEYS, st.booleans())
def test_drafts_and_rehearsals_change_nothing_and_a_rehearsal_tells_what_going_live_would(
    rules: list[dict[str, Any]], asked_before: bool
) -> None:
    person = Person(address="good", invited_at=NOW - timedelta(days=3) if asked_before else None)
    surveys = [a_survey(number, **each) for number, each in enumerate(rules, start=1)]
    decided: Verdict = decide_by(person)(surveys=surveys)
    aside = {"draft", "rehearsal"}
    assert decided == decide_by(person)(surveys=[one for one in surveys if one.state not in aside])
    expected = {}
    for survey in surveys:
        if survey.state == "rehearsal":
            others = [msgspec.structs.replace(s, state="live") if s is survey else s for s in surveys]
            verdict: Verdict = decide_by(person)(surveys=others)
            expected[survey.name] = {one.name: one.why for one in verdict.considered}[survey.name]
    assert rehearsed(surveys, person) == expected


def test_a_rehearsal_stands_at_its_place_in_the_order() -> None:
    first, second = a_survey(1), a_survey(2, state="rehearsal")
    assert rehearsed([first, second], Person(address="good")) == {"s2": "order"}
    assert rehearsed([second, first], Person(address="good")) == {"s2": "invited"}
    assert rehearsed([second], Person(address="missing")) == {"s2": "no_address"}
    assert rehearsed([a_survey(1, state="rehearsal", trigger="visit")], Person(address="good")) == {}


@pytest.mark.parametrize("state", ["draft", "rehearsal", "live", "paused"])
def test_rows_and_events_have_the_states_that_earlier_versions_read(state: SurveyState) -> None:
    stored = state_and_stage(state)
    assert stored["state"] in {"live", "paused"}
    assert (stored["stage"] or stored["state"]) == state


def an_event(number: int, outcome: str = "invited") -> RehearsedEvent:
    return RehearsedEvent(event_id=UUID(int=number), at=NOW, outcome=outcome)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 70)), max_size=20))
def test_whatever_comes_a_rehearsal_stays_small(batches: list[tuple[int, int]]) -> None:
    found, day, n = Rehearsal(), TODAY, 0
    for later, events in batches:
        day += timedelta(days=later)
        found = found.with_events(day, [an_event(n := n + 1) for _ in range(events)])
    assert len(found.days) <= MAX_DAYS
    assert all(day - one < timedelta(days=MAX_DAYS) for one in found.days)
    newest = [each.event_id.int for each in found.examples]
    assert newest == list(range(n, max(0, n - MAX_EXAMPLES), -1))


def test_outcomes_are_those_of_all_days() -> None:
    found = Rehearsal().with_events(TODAY, [an_event(1, "quarantine"), an_event(2)])
    found = found.with_events(TODAY + timedelta(days=1), [an_event(3, "quarantine"), an_event(4, "order")])
    assert found.outcomes == {"invited": 1, "quarantine": 2, "order": 1}
    assert list(found.outcomes) == ["invited", "quarantine", "order"]
    assert (found.events, found.asked) == (4, 1)


def of_days(asked: int) -> Rehearsal:
    return Rehearsal(days={date(2026, 11, 1): {"invited": asked, "quarantine": 3}})


@pytest.mark.parametrize(
    ("own", "company", "source", "answers"),
    [
        (PastAnswers(), PastAnswers(), "assumed", 2.0),
        (PastAnswers(delivered=99, promoters=99), PastAnswers(delivered=99, promoters=99), "assumed", 2.0),
        (PastAnswers(delivered=50), PastAnswers(delivered=200, promoters=60), "company", 3.0),
        (PastAnswers(delivered=100, promoters=50), PastAnswers(delivered=200, promoters=60), "survey", 5.0),
    ],
)
def test_answers_are_expected_by_the_response_rate_that_is_known_best(
    own: PastAnswers, company: PastAnswers, source: RateSource, answers: float
) -> None:
    found = expect(of_days(70), timedelta(days=7), 2, own, company)
    assert (found.response_of, found.mails_a_day) == (source, 10)
    assert found.answers_a_day == pytest.approx(answers)
    assert found.reminders_a_day == pytest.approx(2 * (10 - answers))


def test_cases_are_expected_by_the_share_of_detractors() -> None:
    past = PastAnswers(delivered=500, promoters=150, detractors=50)
    found = expect(of_days(70), timedelta(days=7), 0, PastAnswers(), past)
    assert (found.detractors_of, found.detractor_percent) == ("company", 25)
    assert found.cases_a_day == pytest.approx(10 * 0.4 * 0.25)
    assert expect(of_days(70), timedelta(days=7), 0, PastAnswers(), PastAnswers()).detractors_of == "assumed"


def test_the_first_hour_foretells_no_day_and_the_newest_event_is_the_end_only_where_no_other_is_known() -> (
    None
):
    since = NOW - timedelta(hours=1)
    assert Rehearsal().length(since, NOW) == timedelta(days=1)
    assert Rehearsal().length(since, None) == timedelta(days=1)
    over = Rehearsal().with_events(TODAY, [an_event(1)])
    since, end = NOW - timedelta(days=3), NOW + timedelta(days=9)
    assert over.length(since, None) == timedelta(days=3)
    assert over.length(since, end) == timedelta(days=12)
    assert over.length(NOW - timedelta(days=400), NOW) == timedelta(days=MAX_DAYS)


@given(st.integers(0, 200), st.just(0.0) | st.floats(0.001, 1_000), st.integers(1, 31), st.integers(0, 2))
def test_what_a_programme_asks_is_expected_like_mails_about_events(
    asked: int, programme: float, days: int, reminders: int
) -> None:
    length, past = timedelta(days=days), PastAnswers()
    events = expect(of_days(asked), length, reminders, past, past)
    alone = expect(Rehearsal(), length, reminders, past, past, programme_a_day=programme)
    both = expect(of_days(asked), length, reminders, past, past, programme_a_day=programme)
    for name in ("mails_a_day", "reminders_a_day", "answers_a_day", "cases_a_day"):
        assert getattr(both, name) == pytest.approx(getattr(events, name) + getattr(alone, name))
        assert programme == 0 or name == "reminders_a_day" or getattr(alone, name) > 0

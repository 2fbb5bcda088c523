"""Who is asked for an introduction, and what may be done to a task."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.alerts_builders import POLICY, TENANT, an_answer

from services.alerts.cases.domain.actor import Actor
from services.alerts.introductions.countries import INTRODUCTION_RULES, introduction_rule
from services.alerts.introductions.domain import (
    INTRODUCTION_ACTS,
    INTRODUCTION_RESULTS,
    INTRODUCTION_STATES,
    NOT_ASKED_REASONS,
    STATES_BY_ACT,
    Introduction,
    IntroductionAct,
    IntroductionActName,
    IntroductionRefused,
    acted,
    blocked,
    is_done,
    step_of,
    withdrawn,
)
from services.alerts.introductions.eligibility import (
    INTRODUCTION_POLICY,
    NO_TASK_REASONS,
    PromoterFacts,
    PromoterKey,
    is_promoter,
    no_task_reason,
)
from services.alerts.introductions.words import (
    BLOCK_LABELS,
    NO_TASK_LABELS,
    NOT_ASKED_LABELS,
    RESULT_LABELS,
    STATE_LABELS,
    STEP_LABELS,
)

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
BY = Actor(uuid4(), "Jonas Holt")


def a_task(**facts: Any) -> Introduction:
    """A task that was opened just now."""
    given: dict[str, Any] = {
        "tenant": TENANT,
        "id": uuid4(),
        "answer_id": uuid4(),
        "person": "p",
        "customer_id": "c-1",
        "contact_key": "k",
        "account_id": "a-9",
        "owner_id": BY.id,
        "score": 10,
        "said_at": NOW,
        "opened_at": NOW,
        "due_at": NOW + timedelta(days=2),
        "changed_at": NOW,
    }
    return Introduction(**{**given, **facts})


def facts_of(**facts: Any) -> PromoterFacts:
    """Of a promoter whom somebody is to ask."""
    given: dict[str, Any] = {
        "answer": an_answer(score=10, may_contact=True),
        "has_event": True,
        "account": "a-9",
        "manager": BY.id,
        "country": "DK",
        "case_open": False,
        "case_not_recovered": False,
        "unhappy_since": False,
        "asked_at": None,
        "has_task": False,
    }
    return PromoterFacts(**{**given, **facts})


def reason(facts: PromoterFacts) -> str | None:
    return no_task_reason(facts, NOW, INTRODUCTION_POLICY)


def test_b39_an_open_case_180_days_and_the_country_each_block_the_ask_to_a_promoter() -> None:
    assert reason(facts_of()) is None
    assert reason(facts_of(case_open=True)) == "case_open"
    edge = NOW - timedelta(days=180)
    assert reason(facts_of(asked_at=edge + timedelta(seconds=1))) == "asked_recently"
    assert reason(facts_of(asked_at=edge)) is None
    silent = an_answer(score=10, may_contact=None)
    assert reason(facts_of(answer=silent, country="DK")) == "no_permission"
    assert reason(facts_of(answer=silent, country="NL")) is None


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"has_event": False}, "event_unknown"),
        ({"account": None}, "no_account"),
        ({"manager": None}, "no_manager"),
        ({"answer": an_answer(score=9, may_contact=False), "country": "NL"}, "contact_refused"),
        ({"case_not_recovered": True}, "case_not_recovered"),
        ({"unhappy_since": True}, "unhappy_since"),
        ({"has_task": True}, "has_task"),
    ],
)
def test_each_reason_for_which_nobody_is_asked(facts: dict[str, Any], why: str) -> None:
    assert reason(facts_of(**facts)) == why


def test_every_country_without_a_rule_of_its_own_asks_for_permission() -> None:
    for country in ("SE", "de ", "", None, "*", "xx"):
        assert introduction_rule(country).needs_permission
    assert not introduction_rule("nl").needs_permission
    assert len({one.country for one in INTRODUCTION_RULES}) == len(INTRODUCTION_RULES)


@pytest.mark.parametrize(
    "facts",
    [
        {"score": 8},
        {"test": True},
        {"origin": "import"},
        {"origin": "link"},
        {"anonymous": True},
        {"judgement": "machine"},
        {"customer_id": None},
        {"erased": True},
    ],
)
def test_whose_answer_is_no_known_promoters_opens_nothing(facts: dict[str, Any]) -> None:
    assert is_promoter(an_answer(score=9), POLICY)
    assert not is_promoter(an_answer(**{"score": 10, **facts}), POLICY)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["p", "q", None, ""]),
            st.sampled_from(["c", "d", None]),
            st.sampled_from(["k", "m", ""]),
        ),
        min_size=2,
        max_size=2,
    )
)
def test_two_customers_are_the_same_both_ways_or_neither(
    pair: list[tuple[str | None, str | None, str]],
) -> None:
    one, other = pair
    first = PromoterKey(person=one[0], customer_id=one[1], contact_key=one[2])
    second = PromoterKey(person=other[0], customer_id=other[1], contact_key=other[2])
    assert first.may_be(*other) == second.may_be(*one)
    if one[2] and other[2] and one[2] != other[2]:
        assert not first.may_be(*other)


def an_act(name: IntroductionActName, number: int = 0) -> IntroductionAct:
    """An act with what its kind needs."""
    return IntroductionAct(
        name=name,
        reason=NOT_ASKED_REASONS[number % len(NOT_ASKED_REASONS)] if name == "not_ask" else None,
        result=INTRODUCTION_RESULTS[number % len(INTRODUCTION_RESULTS)] if name == "conclude" else None,
        note=f"note {number}" if name == "note" else None,
        owner=UUID(int=number) if name == "hand_over" else None,
    )


ORDER = ("asked_at", "agreed_at", "introduced_at")


@given(st.lists(st.tuples(st.sampled_from([*INTRODUCTION_ACTS, "block", "erase"]), st.integers(0, 5))))
def test_whatever_is_done_in_any_order_the_steps_are_those_of_the_way(acts: list[tuple[Any, int]]) -> None:
    """No step comes before the one that it follows, none is undone, and what has ended stays so."""
    task, now = a_task(), NOW
    for name, number in acts:
        before, now = task, now + timedelta(minutes=1)
        if name == "block":
            if task.state == "open":
                task = blocked(task, "case_open", now)
            continue
        if name == "erase":
            task = withdrawn(task, now)
            assert task.customer_id is task.account_id is task.note is None
            continue
        if task.state not in STATES_BY_ACT[name]:
            with pytest.raises(IntroductionRefused):
                acted(task, an_act(name, number), now)
            continue
        task = acted(task, an_act(name, number), now)
        assert task.version == before.version + 1
        times = [getattr(task, field) for field in ORDER]
        told = [time for time in times if time is not None]
        assert times[: len(told)] == told == sorted(told)
        assert all(
            getattr(task, field) == getattr(before, field) for field in ORDER if getattr(before, field)
        )
        assert task.met_at is None or task.introduced_at is not None
        if before.state in {"declined", "not_asked", "blocked", "withdrawn"}:
            assert task.state == before.state
        if task.result in {"meeting", "contract"}:
            assert task.state == "met"


def test_the_same_request_sent_again_is_known_and_another_ones_is_not() -> None:
    for name in INTRODUCTION_ACTS:
        act = an_act(name, 1)
        state = STATES_BY_ACT[name][0]
        after = acted(a_task(state=state), act, NOW)
        last = step_of(after, name, NOW, BY, act.detail)
        assert is_done(after, last, act, BY)
        assert not is_done(after, last, act, Actor(uuid4(), "Mira Poulsen"))
        assert not is_done(after, None, act, BY)
        if act != an_act(name, 2):
            assert not is_done(after, last, an_act(name, 2), BY)


def test_what_is_known_of_a_task_that_is_late() -> None:
    task = a_task()
    assert not task.is_late(task.due_at)
    assert task.is_late(task.due_at + timedelta(seconds=1))
    assert not a_task(state="asked").is_late(task.due_at + timedelta(days=9))


def test_every_code_has_its_words() -> None:
    assert set(STATE_LABELS) == set(INTRODUCTION_STATES)
    assert set(NOT_ASKED_LABELS) == set(NOT_ASKED_REASONS)
    assert set(RESULT_LABELS) == set(INTRODUCTION_RESULTS)
    assert set(NO_TASK_LABELS) == set(NO_TASK_REASONS)
    assert set(STEP_LABELS) == {*INTRODUCTION_ACTS, "opened", "blocked", "withdrawn"}
    assert not set(BLOCK_LABELS) & set(NOT_ASKED_LABELS)


def test_a_fact_more_never_opens_a_task() -> None:
    """Whatever else is known of a customer, one reason against asking is enough."""
    for field in ("case_open", "case_not_recovered", "unhappy_since", "has_task"):
        assert reason(facts_of(**{field: True})) == field

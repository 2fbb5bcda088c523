"""Handing over, asking, waiting, merging, giving up; and the stage that a case has by all of it."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.alerts_builders import POLICY, a_new_case, an_answer, opening_of

from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.closing import CONTACT_METHODS, Closing, ContactTry
from services.alerts.cases.domain.refusals import NotDone, NotPossible
from services.alerts.cases.domain.stage import shown_stage, stage_of
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.labels import OUTCOME_LABELS, STAGE_LABELS
from services.alerts.recovery.handlers import case_file_of
from shared.events import CASES, CaseStage

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
JONAS, SARA = Actor(uuid4(), "Jonas Holt"), Actor(uuid4(), "Sara Lund")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_case() -> CaseFile:
    return a_new_case(an_answer(score=2, answered_at=NOW, changed_at=NOW), NOW)


def a_taken_case() -> CaseFile:
    case = a_case()
    case.take([], NOW, JONAS, None, POLICY)
    return case


def closing(outcome: str = "recovered", *, told: bool = True) -> Closing:
    return Closing(cause="other", action="Called.", outcome=outcome, told=told)  # type: ignore[arg-type]


def wait(case: CaseFile, at: datetime, until: datetime, by: Actor = JONAS) -> Entries:
    entries: Entries = []
    case.wait(entries, at, by, until, "The receipt.", None, None, POLICY, None, may_assign=False)
    return entries


def test_its_owner_hands_a_case_over_with_what_the_colleague_must_know() -> None:
    case = a_taken_case()
    with pytest.raises(NotPossible, match="Only its owner"):
        case.hand_over([], NOW, SARA, SARA, "Mine.", None, None, POLICY, may_assign=False)
    lines: Entries = []
    case.hand_over(lines, NOW, JONAS, SARA, "Call after four.", None, None, POLICY, may_assign=False)
    assert (case.owner_id, lines[0].kind, lines[0].facts) == (
        SARA.id,
        "handed_over",
        {"to": "Sara Lund", "text": "Call after four."},
    )
    with pytest.raises(NotPossible, match="Sara Lund has this case already"):
        case.hand_over([], NOW, SARA, SARA, "Again.", None, None, POLICY, may_assign=False)


def test_a_case_that_was_decided_about_since_is_not_handed_over() -> None:
    case = a_taken_case()
    seen = case.version
    case.hand_over([], NOW, JONAS, SARA, "Yours.", None, seen, POLICY, may_assign=False)
    with pytest.raises(NotDone, match="Not handed over: Jonas Holt changed this case a moment ago"):
        case.hand_over([], NOW, SARA, JONAS, "Back.", None, seen, POLICY, may_assign=True)


def test_a_colleague_is_asked_and_the_case_stays_where_it_is() -> None:
    case = a_taken_case()
    decided = case.decided_version
    asked: Entries = []
    case.ask(asked, NOW, JONAS, SARA, "Do you know this carrier?", None)
    assert (case.owner_id, case.decided_version, asked[0].kind) == (JONAS.id, decided, "asked")
    with pytest.raises(NotPossible, match="That is you"):
        case.ask([], NOW, JONAS, JONAS, "Do I?", None)


def test_while_a_case_waits_nothing_is_due_and_then_as_much_time_is_left() -> None:
    case = a_taken_case()
    due, closing_due = case.contact_due_at, case.close_due_at
    wait(case, NOW + HOUR, NOW + 2 * DAY)
    assert (case.pending_steps, case.next_step) == ([], NOW + 2 * DAY)
    assert not case.wake_if_due([], NOW + 2 * DAY - HOUR, None)
    lines: Entries = []
    assert case.wake_if_due(lines, NOW + 2 * DAY, None)
    assert [(line.kind, line.facts) for line in lines] == [("resumed", {"why": "time"})]
    paused = 2 * DAY - HOUR
    assert (case.contact_due_at, case.close_due_at) == (due + paused, closing_due + paused)
    assert (case.wake_at, case.waiting_since) == (None, None)


def test_what_waits_is_due_when_as_much_time_has_passed_after_its_wait_as_was_left() -> None:
    case = a_taken_case()
    left = case.contact_due_at - NOW
    wait(case, NOW, NOW + 9 * DAY)
    assert case.due_at == case.published([]).due_at == NOW + 9 * DAY + left
    late = a_taken_case()
    wait(late, late.contact_due_at + HOUR, late.contact_due_at + DAY)
    assert late.due_at == late.wake_at


@pytest.mark.parametrize("late", [False, True])
def test_a_case_that_waits_is_restored_from_its_event_as_it_was(late: bool) -> None:
    case = a_taken_case()
    began = case.contact_due_at + HOUR if late else NOW + HOUR
    wait(case, began, began + 5 * DAY)
    event = CASES.event(case.tenant, case.published([]), began)
    restored = case_file_of(event)
    assert (restored.due_at, restored.wake_at, restored.waiting_since) == (case.due_at, case.wake_at, began)
    assert restored.wake_if_due([], began + 5 * DAY, None)
    assert case.wake_if_due([], began + 5 * DAY, None)
    assert late or restored.due_at == case.due_at


def test_waiting_longer_moves_the_time_and_keeps_what_was_left() -> None:
    case = a_taken_case()
    due = case.contact_due_at
    wait(case, NOW, NOW + DAY)
    wait(case, NOW + HOUR, NOW + 3 * DAY)
    assert case.wake_if_due([], NOW + 3 * DAY, None)
    assert case.contact_due_at == due + 3 * DAY


@pytest.mark.parametrize(
    ("until", "why"), [(timedelta(), "That time is over"), (61 * DAY, "waits 60 days at most")]
)
def test_a_case_waits_until_a_time_that_comes_and_is_not_too_far(until: timedelta, why: str) -> None:
    with pytest.raises(NotPossible, match=why):
        wait(a_taken_case(), NOW, NOW + until)


def test_only_whoever_has_a_case_lets_it_wait() -> None:
    with pytest.raises(NotPossible, match="Nobody has this case"):
        wait(a_case(), NOW, NOW + DAY)
    with pytest.raises(NotPossible, match="Only its owner"):
        wait(a_taken_case(), NOW, NOW + DAY, SARA)


def test_another_answer_of_the_customer_ends_the_wait() -> None:
    case = a_taken_case()
    wait(case, NOW, NOW + 9 * DAY)
    lines: Entries = []
    answer = an_answer(score=1, answered_at=NOW + DAY, changed_at=NOW + DAY)
    case.answered_again(lines, NOW + DAY, answer, opening_of(answer).match, None)
    assert [line.kind for line in lines] == ["again", "resumed"]
    assert (case.wake_at, lines[-1].facts) == (None, {"why": "customer"})


def test_a_case_that_is_put_back_waits_no_more() -> None:
    case = a_taken_case()
    wait(case, NOW, NOW + DAY)
    case.release([], NOW + HOUR, JONAS, None, POLICY, None, may_assign=False)
    assert (case.waiting_since, case.wake_at) == (None, None)


def test_a_merged_case_is_a_duplicate_that_names_the_other() -> None:
    case, other = a_taken_case(), a_case()
    lines: Entries = []
    case.merge(lines, NOW, JONAS, other, None, None, POLICY)
    assert (case.state, case.outcome, case.merged_into, stage_of(case)) == (
        "closed",
        "duplicate",
        other.id,
        "duplicate",
    )
    assert lines[0].facts == {"case_id": str(other.id), "number": other.number}
    case.reopen([], NOW, JONAS, "They differ.", None, None, POLICY, None)
    assert (case.merged_into, case.outcome, stage_of(case)) == (None, None, "reopened")


def test_a_case_is_merged_neither_into_itself_nor_into_one_that_is_over() -> None:
    case, other = a_taken_case(), a_taken_case()
    with pytest.raises(NotPossible, match="same case"):
        case.merge([], NOW, JONAS, case, None, None, POLICY)
    other.close([], NOW, JONAS, closing(), None, None, POLICY)
    with pytest.raises(NotPossible, match=f"Case {other.number} is closed"):
        case.merge([], NOW, JONAS, other, None, None, POLICY)


@given(tries=st.lists(st.tuples(st.integers(0, 12 * 24), st.sampled_from(CONTACT_METHODS)), max_size=6))
def test_a_case_ends_without_contact_after_three_tries_by_two_ways_over_five_days(
    tries: list[tuple[int, str]],
) -> None:
    case = a_taken_case()
    made = [ContactTry(NOW + hours * HOUR, how) for hours, how in tries]
    hours = [one for one, _ in tries]
    enough = len(tries) >= 3 and len({how for _, how in tries}) >= 2 and max(hours) - min(hours) >= 5 * 24
    if enough:
        case.close([], NOW, JONAS, closing("no_contact"), None, None, POLICY, made)
        assert stage_of(case) == "no_contact"
    else:
        with pytest.raises(NotPossible, match="needs 3 tries by 2 ways over 5 days"):
            case.close([], NOW, JONAS, closing("no_contact"), None, None, POLICY, made)
        assert case.state == "assigned"


def test_a_customer_who_was_reached_is_not_closed_as_one_who_was_not() -> None:
    case = a_taken_case()
    case.contact([], NOW, JONAS, "call", reached=True, text="Spoke.", key=None)
    with pytest.raises(NotPossible, match="was reached"):
        case.close([], NOW, JONAS, closing("no_contact"), None, None, POLICY)


def test_the_stage_of_a_case_follows_what_was_done() -> None:
    case, seen = a_case(), list[CaseStage]()
    seen.append(stage_of(case))
    case.take([], NOW, JONAS, None, POLICY)
    seen.append(stage_of(case))
    case.contact([], NOW + HOUR, JONAS, "call", reached=True, text="Spoke.", key=None)
    seen.append(stage_of(case))
    case.note([], NOW + 2 * HOUR, JONAS, "The carrier looks for it.", None)
    seen.append(stage_of(case))
    wait(case, NOW + 3 * HOUR, NOW + DAY)
    seen.append(stage_of(case))
    case.close([], NOW + DAY, JONAS, closing(), None, None, POLICY)
    seen += [stage_of(case), shown_stage(case, NOW + DAY + POLICY.objection_within + HOUR, POLICY)]
    case.reopen([], NOW + 2 * DAY, JONAS, "Not solved.", None, None, POLICY, None)
    seen.append(stage_of(case))
    case.erase([], NOW + 3 * DAY)
    seen.append(stage_of(case))
    assert seen == [
        *("open", "assigned", "contacted", "in_progress", "waiting_customer", "resolved", "closed"),
        *("reopened", "withdrawn"),
    ]


@pytest.mark.parametrize(("outcome", "told"), [("not_solvable", True), ("lost", True), ("recovered", False)])
def test_only_a_solution_that_the_customer_knows_can_be_objected_to(outcome: str, told: bool) -> None:
    case = a_taken_case()
    case.close([], NOW, JONAS, closing(outcome, told=told), None, None, POLICY)
    assert stage_of(case) == "closed"


def test_every_stage_and_outcome_has_words() -> None:
    assert set(STAGE_LABELS) == set(get_args(CaseStage))
    assert {"no_contact", "duplicate"} < set(OUTCOME_LABELS)

"""What may be done to a case, and what it leaves behind."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.alerts_builders import POLICY, a_new_case, an_answer, match_of, opening_of

from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.case_rules import case_id, notice_recipients
from services.alerts.cases.domain.closing import Closing, closing_faults, required_text_faults
from services.alerts.cases.domain.refusals import NotDone, NotPossible
from services.alerts.cases.domain.timeline import CaseEntry
from shared.events import Answer
from shared.values.causes import CAUSE_CODES
from shared.values.messages import message

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
JONAS, SARA, KEY = Actor(uuid4(), "Jonas Holt"), Actor(uuid4(), "Sara Lund"), Actor(None, "crm")
CLOSING = Closing(cause="other", action="Called.", outcome="explained", told=True)


def a_case(score: int = 2) -> CaseFile:
    answer = an_answer(score=score, answered_at=NOW, changed_at=NOW)
    return a_new_case(answer, NOW)


def test_a_cases_id_follows_from_tenant_and_answer() -> None:
    answer = uuid4()
    assert case_id("a", answer) == case_id("a", answer) != case_id("b", answer)


@pytest.mark.parametrize(("score", "hours"), [(0, 24), (3, 24), (4, 48), (6, 48)])
def test_the_worse_the_score_the_sooner_the_call(score: int, hours: int) -> None:
    case = a_case(score)
    assert case.due_at == NOW + timedelta(hours=hours)
    assert case.close_due_at == NOW + timedelta(days=7)


def test_the_first_contact_that_reached_starts_the_clock_of_closing() -> None:
    case = a_case()
    entries: list[CaseEntry] = []
    case.contact(entries, NOW, JONAS, "call", reached=False, text="Voicemail.", key=None)
    assert case.due_at == case.contact_due_at
    case.contact(entries, NOW, JONAS, "call", reached=True, text="Spoke.", key=None)
    case.contact(entries, NOW + timedelta(hours=1), JONAS, "mail", reached=True, text="Wrote.", key=None)
    assert (case.first_contact_at, case.due_at) == (NOW, case.close_due_at)


def test_who_comes_second_is_told_who_was_first() -> None:
    case = a_case()
    entries: list[CaseEntry] = []
    seen = case.version
    case.take(entries, NOW, SARA, seen, POLICY)
    with pytest.raises(NotDone, match=r"Not taken: Sara Lund took this case a moment ago\."):
        case.take(entries, NOW, JONAS, seen, POLICY)
    with pytest.raises(NotPossible, match="A team leader can hand it over"):
        case.take(entries, NOW, JONAS, case.version, POLICY)
    with pytest.raises(NotDone, match="Not saved: Sara Lund changed this case"):
        case.close(entries, NOW, JONAS, CLOSING, seen, None, POLICY)
    assert len(entries) == 1


def test_to_take_ones_own_case_again_changes_nothing() -> None:
    case = a_case()
    entries: list[CaseEntry] = []
    case.take(entries, NOW, SARA, None, POLICY)
    case.take(entries, NOW, SARA, None, POLICY)
    assert (case.version, len(entries)) == (1, 1)


def test_notes_and_the_customers_own_words_are_no_conflict() -> None:
    case = a_case()
    entries: list[CaseEntry] = []
    seen = case.version
    case.note(entries, NOW, SARA, "Look at week 41.", None)
    case.amended(entries, NOW, an_answer(id=case.answer_id, score=5), 2, None, None)
    case.close(entries, NOW, JONAS, CLOSING, seen, None, POLICY)
    assert case.state == "closed"


def test_a_closed_case_is_not_taken_closed_or_given_away_but_can_be_opened_again() -> None:
    case = a_case()
    entries: list[CaseEntry] = []
    case.close(entries, NOW, SARA, CLOSING, None, None, POLICY)
    with pytest.raises(NotDone):
        case.take(entries, NOW, JONAS, None, POLICY)
    with pytest.raises(NotDone):
        case.close(entries, NOW, JONAS, CLOSING, None, None, POLICY)
    with pytest.raises(NotPossible):
        case.assign(entries, NOW, JONAS, SARA, None, POLICY)
    case.reopen(entries, NOW, JONAS, "She called.", None, None, POLICY, None)
    assert (case.state, case.cause, case.outcome, case.told, case.closed_at) == (
        "open",
        None,
        None,
        None,
        None,
    )


def test_a_key_owns_nothing() -> None:
    with pytest.raises(NotPossible):
        a_case().take([], NOW, KEY, None, POLICY)


def test_a_worse_score_makes_the_call_more_urgent_and_a_better_one_closes_nothing() -> None:
    case = a_case(5)
    entries: list[CaseEntry] = []
    worse = an_answer(id=case.answer_id, score=1, answered_at=NOW)
    case.amended(entries, NOW, worse, 5, match_of(worse), None)
    assert case.due_at == NOW + timedelta(hours=24)
    better = an_answer(id=case.answer_id, score=9, answered_at=NOW)
    case.amended(entries, NOW, better, 1, match_of(better), None)
    assert (case.state, case.score, case.due_at) == ("open", 9, NOW + timedelta(hours=24))


def _answer_of(case: CaseFile) -> Answer:
    return an_answer(id=case.answer_id, score=8)


ACTS: dict[str, Callable[[CaseFile, list[CaseEntry], Actor, int], object]] = {
    "take": lambda case, lines, by, seen: case.take(lines, NOW, by, seen, POLICY),
    "assign": lambda case, lines, by, seen: case.assign(lines, NOW, by, SARA, seen, POLICY),
    "contact": lambda case, lines, by, _: case.contact(
        lines, NOW, by, "call", reached=True, text="x", key=None
    ),
    "release": lambda case, lines, by, seen: case.release(
        lines, NOW, by, seen, POLICY, None, may_assign=False
    ),
    "apply_answers": lambda case, lines, _by, seen: case.apply_answers(
        lines, NOW, [an_answer(id=case.answer_id, may_contact=bool(seen % 2))], None
    ),
    "hand_over": lambda case, lines, by, seen: case.hand_over(
        lines, NOW, by, SARA, "x", None, seen, POLICY, may_assign=False
    ),
    "ask": lambda case, lines, by, _: case.ask(lines, NOW, by, SARA, "x", None),
    "wait": lambda case, lines, by, seen: case.wait(
        lines, NOW, by, NOW + timedelta(days=1 + seen), "x", None, seen, POLICY, None, may_assign=False
    ),
    "resume": lambda case, lines, by, _: case.go_on(lines, NOW, by, None),
    "wake": lambda case, lines, _by, seen: case.wake_if_due(lines, NOW + timedelta(days=seen), None),
    "merge": lambda case, lines, by, seen: case.merge(lines, NOW, by, a_case(), None, seen, POLICY),
    "note": lambda case, lines, by, _: case.note(lines, NOW, by, "x", None),
    "reveal": lambda case, lines, by, _: case.reveal(lines, NOW, by, "address"),
    "close": lambda case, lines, by, seen: case.close(lines, NOW, by, CLOSING, seen, None, POLICY),
    "reopen": lambda case, lines, by, _: case.reopen(lines, NOW, by, "x", None, None, POLICY, None),
    "amended": lambda case, lines, _by, _seen: case.amended(lines, NOW, _answer_of(case), 2, None, None),
    "answered_again": lambda case, lines, _by, _seen: case.answered_again(
        lines, NOW, an_answer(), opening_of(an_answer()).match, None
    ),
    "team_notified": lambda case, lines, _by, _seen: case.team_notified(lines, NOW, 2, case.answer_id),
}


@given(
    acts=st.lists(
        st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from([JONAS, SARA]), st.integers(0, 30)),
        max_size=30,
    )
)
def test_every_change_leaves_one_line_numbered_by_the_version(acts: list[tuple[str, Actor, int]]) -> None:
    case = a_case()
    entries: list[CaseEntry] = []
    case.opened(entries, 2, 2, opening_of(an_answer()).match)
    for act, by, seen in acts:
        before, lines = case.version, len(entries)
        try:
            ACTS[act](case, entries, by, seen)
        except (NotDone, NotPossible):
            assert (case.version, len(entries)) == (before, lines)
        assert case.version - before == len(entries) - lines
        assert (case.state == "closed") == (case.closed_at is not None) == (case.outcome is not None)
        assert (case.wake_at is not None) == (case.waiting_since is not None) <= (case.owner_id is not None)
        assert (case.state == "assigned") <= (case.owner_id is not None)
    assert [entry.seq for entry in entries] == list(range(1, case.version + 1))
    assert case.published([]).version == case.version


def test_closing_needs_cause_action_outcome_and_whether_the_customer_knows() -> None:
    assert [field for field, _ in closing_faults("", " ", "", "")] == ["cause", "action", "outcome", "told"]
    assert closing_faults("delivery.late", "Called.", "lost", "no") == []
    ((field, remedy),) = required_text_faults("note", "x" * 10_001, message("Write."))
    assert (field, str(remedy)) == ("note", "Make it shorter: at most 10,000 characters.")


def test_the_causes_are_those_of_the_closed_loop() -> None:
    assert len(CAUSE_CODES) == len(set(CAUSE_CODES)) == 28
    assert "delivery.late" in CAUSE_CODES
    assert "other" in CAUSE_CODES


def test_the_mail_goes_to_who_may_see_the_case_and_then_to_its_owner() -> None:
    case = a_case()
    people: list[dict[str, Any]] = [
        {"id": JONAS.id, "segments": []},
        {"id": SARA.id, "segments": ["organisation:north"]},
        {"id": uuid4(), "segments": ["touchpoint:shop"]},
    ]
    first, again = an_answer(id=case.answer_id), an_answer()
    assert notice_recipients(people, case, first) == [JONAS.id, SARA.id]
    case.take([], NOW, SARA, None, POLICY)
    assert notice_recipients(people, case, again) == [SARA.id]
    elsewhere = an_answer(organisation=("south",))
    assert notice_recipients(people, case, elsewhere) == [JONAS.id]

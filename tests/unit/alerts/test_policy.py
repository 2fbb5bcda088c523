"""Each number of the rules comes from the policy that is handed in: another policy decides otherwise."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from support.alerts_builders import POLICY, an_answer

from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.case_rules import (
    case_number,
    is_recent,
    new_case,
    opening_version,
    writing_until,
)
from services.alerts.cases.domain.closing import Closing
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import NotDone
from services.alerts.cases.views import shown_until
from services.alerts.recovery.handlers import case_file_of
from shared.events import CASES, Answer
from shared.ids import uuid7

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OTHER = CasePolicy(
    max_urgent_score=5,
    urgent_contact_within=timedelta(hours=1),
    contact_within=timedelta(hours=2),
    close_within=timedelta(days=1),
    opens_within=timedelta(hours=3),
    mailed_within=timedelta(hours=3),
    quiet_after=timedelta(minutes=4),
    address_shown_for=timedelta(minutes=5),
    moment=timedelta(seconds=5),
    shortest_number_digits=4,
    longest_number_digits=5,
    attempts_per_length=1,
)
ACTOR = Actor(None, "crm")


def an_answer_now(score: int) -> Answer:
    return an_answer(score=score, state="saved", answered_at=NOW, changed_at=NOW)


def a_case(score: int, policy: CasePolicy) -> CaseFile:
    answer = an_answer_now(score)
    return new_case("havnbo", answer, answer, NOW, policy)


@pytest.mark.parametrize(("score", "hours"), [(5, 1), (6, 2)])
def test_a_new_case_has_the_deadlines_of_the_policy(score: int, hours: int) -> None:
    case = a_case(score, OTHER)
    assert case.contact_due_at == NOW + timedelta(hours=hours)
    assert case.close_due_at == NOW + timedelta(days=1)


def test_another_answer_or_score_has_them_too() -> None:
    case = a_case(6, POLICY)
    case.answered_again([], NOW, an_answer_now(6), OTHER)
    assert case.contact_due_at == NOW + timedelta(hours=2)
    case.amended([], NOW, an_answer(id=case.answer_id, score=4, answered_at=NOW), before=6, policy=OTHER)
    assert case.contact_due_at == NOW + timedelta(hours=1)


def test_a_customer_who_allows_contact_again_leaves_the_time_of_the_policy() -> None:
    case, later = a_case(5, OTHER), NOW + timedelta(hours=10)
    refused = an_answer(id=case.answer_id, may_contact=False)
    case.apply_answers([], NOW, [refused], OTHER)
    allowed = an_answer(id=case.answer_id, may_contact=True, changed_at=later)
    case.apply_answers([], later, [allowed], OTHER)
    assert case.contact_due_at == later + timedelta(hours=1)


@pytest.mark.parametrize("may_contact", [None, False])
def test_a_restored_case_has_the_deadline_that_its_event_lacks_from_the_policy(
    may_contact: bool | None,
) -> None:
    case = msgspec.structs.replace(a_case(2, POLICY), may_contact=may_contact)
    case.opened([], 2, 2)
    file = case_file_of(CASES.event("havnbo", case.published(), NOW), OTHER)
    assert file.due_at == case.due_at
    if may_contact is False:
        assert (file.contact_due_at, file.close_due_at) == (NOW + timedelta(hours=1), case.due_at)
    else:
        assert (file.contact_due_at, file.close_due_at) == (case.due_at, NOW + timedelta(days=1))


def test_a_reopened_case_is_to_be_closed_in_the_time_of_the_policy() -> None:
    case = a_case(2, POLICY)
    case.close(
        [], NOW, ACTOR, Closing(cause="other", action="x", outcome="lost", told=True), None, None, POLICY
    )
    case.reopen([], NOW, ACTOR, "x", None, None, OTHER)
    assert case.close_due_at == NOW + timedelta(days=1)


@pytest.mark.parametrize(("policy", "opens"), [(POLICY, True), (OTHER, False)])
def test_the_policy_says_how_old_an_answer_may_be(policy: CasePolicy, opens: bool) -> None:
    late = an_answer(answered_at=NOW, changed_at=NOW + timedelta(hours=4))
    assert (opening_version([late], policy) is not None) == opens
    assert is_recent(late, late.changed_at + timedelta(hours=4), policy) == opens


def test_the_policy_says_how_long_a_customer_is_waited_for_and_an_address_is_shown() -> None:
    assert writing_until(an_answer_now(2), OTHER) == NOW + timedelta(minutes=4)
    assert shown_until(NOW, NOW, OTHER) == NOW + timedelta(minutes=5)
    assert shown_until(NOW, NOW + timedelta(minutes=5), OTHER) is None


@pytest.mark.parametrize(("policy", "ending"), [(POLICY, " a moment ago."), (OTHER, ".")])
def test_the_policy_says_how_long_a_moment_is(policy: CasePolicy, ending: str) -> None:
    case = a_case(2, policy)
    case.close(
        [], NOW, ACTOR, Closing(cause="other", action="x", outcome="lost", told=True), None, None, policy
    )
    with pytest.raises(NotDone, match=f"crm closed this case{ending}$"):
        case.take([], NOW + timedelta(seconds=5), Actor(uuid7(), "Sara"), None, policy)


def test_the_policy_says_how_long_the_numbers_of_cases_are() -> None:
    case = a_case(2, OTHER)
    assert [len(str(case_number(case.id, OTHER, attempt))) for attempt in range(4)] == [4, 5, 5, 5]
    assert len(str(case.number)) == 4

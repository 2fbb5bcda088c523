"""Each number of the rules comes from the policy that is handed in: another policy decides otherwise."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from support.alerts_builders import POLICY, a_new_case, an_answer, match_of, opening_of

from services.alerts.calendars.working_time import TimeLimit
from services.alerts.cases.domain.actor import Actor
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
from services.alerts.rules.clocks import Clocks
from services.alerts.rules.domain import DEFAULT_RULES, CaseRule, CaseRules
from shared.events import CASES, Answer
from shared.ids import uuid7

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OTHER = CasePolicy(
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


OTHER_RULES = CaseRules(
    rules=tuple(
        CaseRule(
            name=str(hours),
            lowest=lowest,
            highest=highest,
            clocks=Clocks(first_contact=TimeLimit(hours=hours), closing=TimeLimit(days=1)),
        )
        for lowest, highest, hours in ((0, 5, 1), (6, 6, 2))
    )
)


@pytest.mark.parametrize(("score", "hours"), [(5, 1), (6, 2)])
def test_a_new_case_has_the_deadlines_of_its_rule(score: int, hours: int) -> None:
    case = a_new_case(an_answer_now(score), NOW, OTHER_RULES)
    assert case.contact_due_at == NOW + timedelta(hours=hours)
    assert case.close_due_at == NOW + timedelta(days=1)


def test_another_answer_or_score_has_them_too() -> None:
    case = a_new_case(an_answer_now(6), NOW)
    case.answered_again([], NOW, an_answer_now(6), opening_of(an_answer_now(6), OTHER_RULES).match, None)
    assert case.contact_due_at == NOW + timedelta(hours=2)
    worse = an_answer(id=case.answer_id, score=4, answered_at=NOW)
    case.amended([], NOW, worse, 6, match_of(worse, OTHER_RULES), None)
    assert case.contact_due_at == NOW + timedelta(hours=1)


def test_a_customer_who_allows_contact_again_leaves_the_time_of_the_rule() -> None:
    case, later = a_new_case(an_answer_now(5), NOW, OTHER_RULES), NOW + timedelta(hours=10)
    refused = an_answer(id=case.answer_id, may_contact=False)
    case.apply_answers([], NOW, [refused], None)
    allowed = an_answer(id=case.answer_id, may_contact=True, changed_at=later)
    case.apply_answers([], later, [allowed], None)
    assert case.contact_due_at == later + timedelta(hours=1)


@pytest.mark.parametrize("may_contact", [None, False])
def test_a_restored_case_has_the_deadline_that_its_event_lacks_from_the_default_rules(
    may_contact: bool | None,
) -> None:
    case = msgspec.structs.replace(a_new_case(an_answer_now(2), NOW), may_contact=may_contact)
    case.opened([], 2, 2, opening_of(an_answer_now(2)).match)
    file = case_file_of(CASES.event("havnbo", case.published([]), NOW))
    assert file.due_at == case.due_at
    if may_contact is False:
        assert (file.contact_due_at, file.close_due_at) == (NOW + timedelta(days=1), case.due_at)
    else:
        assert (file.contact_due_at, file.close_due_at) == (case.due_at, NOW + timedelta(days=7))


def test_a_reopened_case_is_to_be_closed_in_the_time_of_its_rule() -> None:
    case = a_new_case(an_answer_now(2), NOW, OTHER_RULES)
    closing = Closing(cause="other", action="x", outcome="lost", told=True)
    case.close([], NOW, ACTOR, closing, None, None, POLICY)
    later = NOW + timedelta(days=3)
    case.reopen([], later, ACTOR, "x", None, None, OTHER, None)
    assert case.close_due_at == later + timedelta(days=1)


@pytest.mark.parametrize(("policy", "opens"), [(POLICY, True), (OTHER, False)])
def test_the_policy_says_how_old_an_answer_may_be(policy: CasePolicy, opens: bool) -> None:
    late = an_answer(answered_at=NOW, changed_at=NOW + timedelta(hours=4))
    assert (opening_version([late], policy, DEFAULT_RULES, None) is not None) == opens
    assert is_recent(late, late.changed_at + timedelta(hours=4), policy) == opens


def test_the_policy_says_how_long_a_customer_is_waited_for_and_an_address_is_shown() -> None:
    assert writing_until(an_answer_now(2), OTHER) == NOW + timedelta(minutes=4)
    assert shown_until(NOW, NOW, OTHER) == NOW + timedelta(minutes=5)
    assert shown_until(NOW, NOW + timedelta(minutes=5), OTHER) is None


@pytest.mark.parametrize(("policy", "ending"), [(POLICY, " a moment ago."), (OTHER, ".")])
def test_the_policy_says_how_long_a_moment_is(policy: CasePolicy, ending: str) -> None:
    case = a_new_case(an_answer_now(2), NOW)
    case.close(
        [], NOW, ACTOR, Closing(cause="other", action="x", outcome="lost", told=True), None, None, policy
    )
    with pytest.raises(NotDone, match=f"crm closed this case{ending}$"):
        case.take([], NOW + timedelta(seconds=5), Actor(uuid7(), "Sara"), None, policy)


def test_the_policy_says_how_long_the_numbers_of_cases_are() -> None:
    opening = opening_of(an_answer_now(2))
    case = new_case("havnbo", opening, opening.answer, NOW, OTHER, None)
    assert [len(str(case_number(case.id, OTHER, attempt))) for attempt in range(4)] == [4, 5, 5, 5]
    assert len(str(case.number)) == 4

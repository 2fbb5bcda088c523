"""Which earlier question keeps a contact from being asked, and what an event says of itself."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dispatcher_builders import a_transaction

from services.dispatcher.decisions.domain import decide
from services.dispatcher.decisions.sampling import NO_DRAW
from services.dispatcher.decisions.scopes import Asked, last_asked
from services.dispatcher.decisions.sending_rules import asked_before, reason_not_to_send
from services.dispatcher.decisions.values import (
    CandidateSurvey,
    Person,
    Verdict,
)
from shared.conditions.event_fields import EventFields
from shared.events.surveys import QuarantineScope

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SURVEY = UUID(int=1)
SCOPES: tuple[QuarantineScope, ...] = ("any", "measurement", "touchpoint", "survey")


def a_survey(**changes: Any) -> CandidateSurvey:
    facts: dict[str, Any] = {
        "id": SURVEY,
        "survey_version": 1,
        "name": "s",
        "trigger": "order",
        "state": "live",
    }
    return CandidateSurvey(**{**facts, "delay_minutes": 0, **changes})


def verdict(survey: CandidateSurvey, *asked: Asked, **event: Any) -> Verdict:
    person = Person(address="good", invited_at=max((each.at for each in asked), default=None), asked=asked)
    facts: dict[str, Any] = {
        "occurred_at": NOW,
        "now": NOW,
        "fields": EventFields(a_transaction()),
        "draws": lambda _: NO_DRAW,
        **event,
    }
    return decide(event_type="order", surveys=[survey], person=person, mode="live", **facts)


def not_sent(survey: CandidateSurvey, *asked: Asked, test_address: bool = False) -> str | None:
    """Why a mail of the survey does not leave now, when these were asked: as they are known at that time."""
    left = [each.at for each in asked if not each.elsewhere and each.unsent_about is None]
    person = Person(
        address="good",
        test_address=test_address,
        invited_at=max((each.at for each in asked if each.elsewhere), default=None),
        asked=tuple(each for each in asked if each.elsewhere),
        asked_by_us=tuple(each for each in asked if not each.elsewhere),
        left_at=max(left, default=None),
    )
    refusal = reason_not_to_send(
        now=NOW, leaves_at=NOW, occurred_at=NOW, expires_at=NOW + timedelta(days=30),
        test=test_address, survey=survey,
        person=person, mode="live",
    )  # fmt: skip
    if refusal is None:
        return None
    counting = [each.at for each in asked if each.unsent_about is None]
    assert asked_before(refusal[1], survey, NOW, person) == max(counting)
    return refusal[1]


OURS = Asked(NOW - timedelta(days=1), False, "transactional", "delivery", SURVEY)
ANOTHER = Asked(NOW - timedelta(days=1), False, "relational", "repair", UUID(int=2))
ELSEWHERE = Asked(NOW - timedelta(days=1), True, "transactional", None, None)
UNKNOWN = Asked(NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("asked", "forbidden_in"),
    [
        (OURS, {"any", "measurement", "touchpoint", "survey"}),
        (OURS._replace(touchpoint="repair"), {"any", "measurement", "survey"}),
        (OURS._replace(survey_id=UUID(int=2)), {"any", "measurement", "touchpoint"}),
        (OURS._replace(measurement="relational"), {"any", "touchpoint", "survey"}),
        (ANOTHER, {"any"}),
        (ELSEWHERE, {"any", "measurement"}),
        (ELSEWHERE._replace(touchpoint="delivery"), {"any", "measurement", "touchpoint"}),
        (UNKNOWN, {"any", "measurement", "touchpoint", "survey"}),
    ],
)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_question_counts_in_the_scopes_that_it_belongs_to(
    scope: QuarantineScope, asked: Asked, forbidden_in: set[str]
) -> None:
    found = verdict(a_survey(quarantine_scope=scope), asked, touchpoint="delivery")
    assert (found.reason == "quarantine") is (scope in forbidden_in)
    if found.reason == "quarantine":
        (one,) = found.considered
        assert (one.quarantine_scope, one.quarantine_days, one.asked_at) == (scope, 90, asked.at)


@pytest.mark.parametrize("scope", SCOPES)
class TestWhenTheMailLeaves:
    def test_a_question_that_has_left_counts_in_its_scopes(self, scope: QuarantineScope) -> None:
        survey = a_survey(quarantine_scope=scope, touchpoint="delivery")
        assert not_sent(survey, OURS) == "quarantine"
        assert not_sent(survey, ANOTHER) == ("quarantine" if scope == "any" else None)
        assert not_sent(survey, OURS, ELSEWHERE._replace(at=NOW - timedelta(days=80))) == "quarantine"

    def test_one_that_has_not_left_does_not(self, scope: QuarantineScope) -> None:
        survey = a_survey(quarantine_scope=scope, touchpoint="delivery")
        for days in (-3, 0, 3):
            waits = OURS._replace(at=NOW + timedelta(days=days), unsent_about=UUID(int=9))
            assert not_sent(survey, waits) is None

    def test_after_exactly_its_days_it_may_leave_and_without_days_always(
        self, scope: QuarantineScope
    ) -> None:
        for days, reason in ((90, None), (90 - 1e-6, "quarantine")):
            survey = a_survey(quarantine_scope=scope, touchpoint="delivery")
            assert not_sent(survey, OURS._replace(at=NOW - timedelta(days=days))) == reason
        free = a_survey(quarantine_scope=scope, touchpoint="delivery", quarantine_days=0)
        assert not_sent(free, OURS) is None

    def test_a_test_address_gets_it_all_the_same(self, scope: QuarantineScope) -> None:
        survey = a_survey(quarantine_scope=scope, touchpoint="delivery")
        assert not_sent(survey, OURS, test_address=True) is None


def test_questions_about_no_touchpoint_are_about_the_same_one_and_another_system_tells_none_of_ours() -> None:
    survey = a_survey(quarantine_scope="touchpoint")
    assert verdict(survey, OURS._replace(touchpoint=None)).reason == "quarantine"
    assert verdict(survey, ELSEWHERE).reason == "invited"


def test_a_survey_without_days_asks_also_before_a_mail_that_waits() -> None:
    waits = OURS._replace(at=NOW + timedelta(days=3))
    for scope in SCOPES:
        free = a_survey(quarantine_scope=scope, quarantine_days=0)
        assert verdict(free, waits, touchpoint="delivery").reason == "invited"
        assert verdict(a_survey(quarantine_scope=scope), waits, touchpoint="delivery").reason == "quarantine"


@given(
    asked=st.lists(
        st.builds(
            Asked,
            st.integers(-5, 5).map(lambda days: NOW + timedelta(days=days)),
            st.booleans(),
            st.sampled_from([None, "transactional", "relational"]),
            st.sampled_from([None, "delivery", "repair"]),
            st.sampled_from([None, SURVEY, UUID(int=2)]),
        )
    )
)
def test_a_narrower_scope_never_asks_less_than_any(asked: list[Asked]) -> None:
    whole = last_asked(asked, "any", "transactional", "delivery", SURVEY)
    for scope in SCOPES:
        found = last_asked(asked, scope, "transactional", "delivery", SURVEY)
        assert found is None or (whole is not None and found <= whole)


class TestWhatAnEventSaysOfItself:
    def test_its_touchpoint_stands_before_the_surveys(self) -> None:
        survey = a_survey(touchpoint="repair")
        for of_event, asked_about in (
            ("delivery", "delivery"), (" ", "repair"), (None, "repair"), ("de\u0301  x", "d\u00e9 x"),
        ):  # fmt: skip
            found = verdict(survey, touchpoint=of_event).survey
            assert found is not None
            assert found.touchpoint == asked_about

    @pytest.mark.parametrize(("minutes", "hours"), [(None, 24), (0, 0), (180, 3), (14 * 1440, 14 * 24)])
    def test_its_delay_stands_in_place_of_the_surveys(self, minutes: int | None, hours: int) -> None:
        survey = a_survey(delay_minutes=1440, max_age_days=14)
        assert verdict(survey, delay_minutes=minutes).due_at == NOW + timedelta(hours=hours)

    def test_the_maximum_age_is_judged_with_its_delay(self) -> None:
        survey = a_survey(max_age_days=7)
        assert verdict(survey, delay_minutes=7 * 1440).reason == "invited"
        assert verdict(survey, delay_minutes=7 * 1440 + 1).reason == "too_old"

    def test_the_mail_never_leaves_in_the_past(self) -> None:
        happened = NOW - timedelta(days=1)
        assert verdict(a_survey(), occurred_at=happened, delay_minutes=60).due_at == NOW

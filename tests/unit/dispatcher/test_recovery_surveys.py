"""Surveys that ask again after cases: what they must be, and whom they ask by which event."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.decisions.domain import asking_about
from services.dispatcher.decisions.values import CandidateSurvey
from services.dispatcher.re_asks.domain import DueCase, RecoverySurvey, event_of, turns_at
from services.dispatcher.surveys.answer_schemas import api_fields
from services.dispatcher.surveys.draft_fields import draft_fields
from services.dispatcher.surveys.forms import DraftForm
from services.dispatcher.surveys.schemas import SurveyBody
from shared.events import TRANSACTIONS
from shared.events.surveys import NO_TRIGGER

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SURVEY = RecoverySurvey(tenant="havnbo", id=UUID(int=7), recovery_days=30, max_age_days=7)
PROFILE = CustomerProfile(
    "havnbo", "p" * 64, "c-1", "k" * 64, "c-1@example.com", "da", "DK", None, {"region": "north"}, NOON
)
CASE = DueCase(UUID(int=8), NOON - timedelta(days=31), {"touchpoint": "checkout"}, ("north",), PROFILE)


def body(**changes: Any) -> SurveyBody:
    given = {"name": "After a case", "trigger": "", "measurement": "recovery", **changes}
    return SurveyBody.model_validate(given)


def test_it_has_no_trigger_and_its_quarantine_regards_such_questions_alone() -> None:
    draft = body().draft()
    assert (draft.trigger, draft.recovery_days, draft.quarantine_scope) == (NO_TRIGGER, 30, "measurement")
    assert SurveyBody.model_validate(api_fields(draft)).draft() == draft
    assert DraftForm(draft_fields(draft)).draft() == draft
    assert body(quarantine={"scope": "any"}).draft().quarantine_scope == "any"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trigger", "order.delivered"),
        ("anonymous", True),
        ("programme", {"every_days": 90}),
        ("adaptive_sampling", {"dimension": "store", "margin": 5}),
        ("holding_minutes", 60),
        ("recovery_days", 20),
        ("recovery_days", 181),
    ],
)
def test_what_does_not_fit_it_is_refused_at_its_place(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        body(**{field: value})
    assert [error["loc"][0] for error in refused.value.errors()] == [field]


def test_a_turn_comes_after_the_days_and_is_over_once_it_is_too_old() -> None:
    since, until = turns_at(SURVEY, NOON)
    assert (since, until) == (NOON - timedelta(days=37), NOON - timedelta(days=30))


def test_the_event_is_that_of_the_case_and_asks_whatever_the_trigger() -> None:
    event = event_of(SURVEY, CASE, NOON)
    assert (event.wave_of, event.test_of, event.recovery_of) == (SURVEY.id, None, CASE.id)
    assert event.event_id == event_of(SURVEY, CASE, NOON + timedelta(hours=3)).event_id
    assert event.event_id != event_of(SURVEY, CASE._replace(id=UUID(int=9)), NOON).event_id
    assert event.occurred_at == NOON - timedelta(days=1)
    assert (event.segments, event.organisation) == ({"touchpoint": "checkout"}, ("north",))
    assert not event.is_of_client
    encoded = TRANSACTIONS.encode(TRANSACTIONS.event("havnbo", event, NOON))
    assert TRANSACTIONS.decode(encoded).data == event


def test_no_event_of_the_company_is_asked_about_by_it() -> None:
    survey = CandidateSurvey(
        id=SURVEY.id,
        survey_version=1,
        name="After a case",
        measurement="recovery",
        trigger="order.*",
        state="live",
    )
    assert asking_about("order.delivered", [survey]) == []
    assert asking_about("order.delivered", [survey], link_of=survey.id) == []

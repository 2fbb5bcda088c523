"""Reminders as rules: when one is due, why one may not leave, and what a survey may have."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import ValidationError

from services.dispatcher.decisions.counter_events import Countered
from services.dispatcher.decisions.lawful_basis import law_for
from services.dispatcher.decisions.preferences import Preferences
from services.dispatcher.decisions.reminders import (
    MIN_LINK_LEFT,
    ReminderRefusal,
    reason_not_to_remind,
    reminder_due_at,
)
from services.dispatcher.decisions.values import CandidateSurvey, Person
from services.dispatcher.story.labels import DROP_REASONS
from services.dispatcher.surveys.answer_schemas import api_fields
from services.dispatcher.surveys.draft_fields import DEFAULTS
from services.dispatcher.surveys.forms import DraftForm
from services.dispatcher.surveys.schemas import StoredSurveyBody, SurveyBody
from shared.events import CountryRule
from shared.events.surveys import Reminder
from shared.ids import uuid7

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SURVEY = CandidateSurvey(
    id=uuid7(), survey_version=1, name="s", trigger="x", state="live", reminders=(Reminder(after_days=3),)
)
GERMAN_LAW = law_for([CountryRule(country="DE", needs="evidence")], "DE", ())
FINE: dict[str, Any] = {
    "now": NOW, "number": 1, "state": "sent", "erased": False, "test": False,
    "expires_at": NOW + timedelta(days=5), "answered": False, "clicked": False, "case_open": False, "survey": SURVEY,
    "person": Person(address="good"), "mode": "live",
}  # fmt: skip
FORBIDDEN: dict[ReminderRefusal, dict[str, Any]] = {
    "answered": {"answered": True},
    "clicked": {"clicked": True, "survey": replace(SURVEY, stop_after_click=True)},
    "erased": {"person": Person(address="good", erased=True)},
    "test_mode": {"mode": "test"},
    "bounced": {"state": "bounced"},
    "not_sent": {"state": "unknown"},
    "no_address": {"person": Person(address="missing")},
    "bad_address": {"person": Person(address="bad")},
    "complained": {"person": Person(address="good", complained=True)},
    "opted_out": {"person": Person(address="good", opted_out=True)},
    "suppressed": {"person": Person(address="good", suppressed=True)},
    "undeliverable": {"person": Person(address="good", undeliverable=True)},
    "paused_by_customer": {
        "person": Person(address="good", preferences=Preferences(paused_until=NOW + timedelta(seconds=1)))
    },
    "countered": {"person": Person(address="good", countered=Countered(cancelled_by=UUID(int=1)))},
    "no_basis": {"person": Person(address="good", law=GERMAN_LAW)},
    "case_open": {"case_open": True},
    "survey_gone": {"survey": None},
    "paused": {"survey": CandidateSurvey(id=SURVEY.id, survey_version=1, name="s", trigger="x")},
    "not_wanted": {"number": 2},
    "expired": {"expires_at": NOW + MIN_LINK_LEFT - timedelta(microseconds=1)},
}


def test_a_reminder_that_nothing_forbids_leaves() -> None:
    assert reason_not_to_remind(**FINE) is None
    assert reason_not_to_remind(**{**FINE, "expires_at": NOW + MIN_LINK_LEFT}) is None
    assert reason_not_to_remind(**{**FINE, "clicked": True}) is None  # unless the survey says so


@pytest.mark.parametrize("reason", get_args(ReminderRefusal))
def test_each_rule_forbids_a_reminder_by_its_own_reason_that_the_page_can_say(
    reason: ReminderRefusal,
) -> None:
    assert reason_not_to_remind(**{**FINE, **FORBIDDEN[reason]}) == reason
    assert reason in DROP_REASONS


def test_what_is_erased_from_the_invitation_itself_is_not_reminded() -> None:
    assert reason_not_to_remind(**{**FINE, "erased": True}) == "erased"


def test_a_test_address_is_reminded_in_test_mode_and_nobody_else() -> None:
    mine = Person(address="good", test_address=True)
    assert reason_not_to_remind(**{**FINE, "mode": "test", "test": True, "person": mine}) is None
    assert reason_not_to_remind(**{**FINE, "test": True}) == "test_mode"


def test_a_reminder_counts_from_the_first_mail_and_two_are_a_day_apart_at_least() -> None:
    days = (Reminder(after_days=3), Reminder(after_days=5))
    late = NOW + timedelta(days=8)
    assert reminder_due_at(days, 1, NOW, NOW) == NOW + timedelta(days=3)
    assert reminder_due_at(days, 2, NOW, NOW + timedelta(days=3, minutes=7)) == NOW + timedelta(days=5)
    assert reminder_due_at(days, 2, NOW, late) == late + timedelta(days=1)
    assert reminder_due_at(days, 3, NOW, late) is None
    assert reminder_due_at((), 1, NOW, NOW) is None


any_day = st.integers(-2, 34)


@given(
    days=st.lists(any_day, max_size=4), link_days=st.integers(1, 40) | st.just(365), anonymous=st.booleans()
)
def test_a_survey_has_at_most_two_reminders_in_order_while_its_link_lives_and_none_when_it_is_anonymous(
    days: list[int], link_days: int, *, anonymous: bool
) -> None:
    allowed = (
        len(days) <= 2
        and all(1 <= day <= 30 for day in days)
        and days == sorted(set(days))
        and all(day + 2 <= link_days for day in days)
        and not (days and anonymous)
    )
    body = {
        "name": "s", "trigger": "x", "link_days": link_days, "anonymous": anonymous,
        "reminders": [{"after_days": day} for day in days],
    }  # fmt: skip
    if not allowed:
        with pytest.raises(ValidationError) as refused:
            SurveyBody.model_validate(body)
        assert {fault["loc"][0] for fault in refused.value.errors()} == {"reminders"}
        return
    draft = SurveyBody.model_validate(body).draft()
    assert [each.after_days for each in draft.reminders] == days
    assert StoredSurveyBody.model_validate(api_fields(draft)).draft() == draft


@given(first=any_day | st.sampled_from(["", " ", "x", "1.5"]), second=any_day | st.sampled_from(["", "²"]))
def test_the_form_has_a_fault_beside_the_field_of_the_reminder_that_is_wrong(
    first: int | str, second: int | str
) -> None:
    form = DraftForm(
        {**DEFAULTS, "name": "s", "trigger": "x", "reminder_1": f"{first}", "reminder_2": f"{second}"}
    )
    judged, draft = form, None
    try:
        draft = SurveyBody.model_validate(form.values()).draft()
    except ValidationError as error:
        judged = form.with_faults(error)
    if draft is None:
        assert judged.faults
        assert set(judged.faults) <= {"reminder_1", "reminder_2"}
        return
    typed = [int(each) for each in (first, second) if f"{each}".strip()]
    assert [each.after_days for each in draft.reminders] == typed

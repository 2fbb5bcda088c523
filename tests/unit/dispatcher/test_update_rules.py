"""Updates: what forbids to tell a customer what has been done, what holds it, and which words they read."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from support.http_clients import SECRET, afterword_settings
from support.mail_markup import contrast, dark_sheet, read_markup
from support.updates import TEXTS, an_action

from services.dispatcher.decisions.hours import ContactHours
from services.dispatcher.decisions.preferences import NO_PREFERENCES, Preferences
from services.dispatcher.invitations.survey_mail import THE_COMPANY, SurveyMailRenderer
from services.dispatcher.replies.domain import ReachedCustomer
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.sample_invitations import sample_invitation
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from services.dispatcher.updates.domain import (
    CaseSegment,
    PublishedAction,
    RaisedCase,
    UpdateHold,
    UpdateInputs,
    UpdatePolicy,
    hold_update,
    published_at_of,
    raised_from,
    reason_not_to_inform,
    segment_of_cases,
    text_for,
    update_of,
)
from services.dispatcher.updates.update_mail import UpdateMailRenderer
from shared.events import Invitation, QuietHours, SurveyTexts, Tenant
from shared.mail import MailMessage
from shared.mail.references import MailReference, MailReferences

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
POLICY = UpdatePolicy()
ACTION = PublishedAction(
    tenant="acme",
    id=UUID(int=71),
    cause="delivery.late",
    segment="",
    first_day=date(2026, 6, 4),
    published_at=NOW,
)


def reached(**changes: Any) -> ReachedCustomer:
    usual: dict[str, Any] = {
        "address": "good",
        "test_address": False,
        "erased": False,
        "reasons": (),
        "may_contact": True,
        "company": "running",
        "mode": "live",
        "test": False,
    }
    return ReachedCustomer(**{**usual, **changes})


def grounds(**changes: Any) -> UpdateInputs:
    usual: dict[str, Any] = {"has_basis": True, "raised": True, "published": True}
    return UpdateInputs(**{**usual, "preferences": NO_PREFERENCES, **changes})


@pytest.mark.parametrize(
    ("customer", "about", "reason"),
    [
        ({}, {}, None),
        ({"erased": True}, {}, "erased"),
        ({"company": "paused"}, {}, "company_closed"),
        ({"address": "missing"}, {}, "no_address"),
        ({"address": "bad"}, {}, "bad_address"),
        ({"may_contact": False}, {}, "no_contact_wanted"),
        ({"reasons": ["complained"]}, {}, "complained"),
        ({"reasons": ["unsubscribed"]}, {}, "opted_out"),
        ({"reasons": ["listed"]}, {}, "suppressed"),
        ({"reasons": ["bounced"]}, {}, "undeliverable"),
        ({"mode": "test"}, {}, "test_mode"),
        ({"mode": "test", "test_address": True}, {}, None),
        ({}, {"preferences": Preferences(refused_channels=frozenset({"mail"}))}, "opted_out"),
        ({}, {"preferences": Preferences(refused_channels=frozenset({"sms"}))}, None),
        ({}, {"preferences": Preferences(NOW + timedelta(days=1))}, "paused_by_customer"),
        ({}, {"preferences": Preferences(NOW)}, None),
        ({}, {"preferences": Preferences(months=6)}, None),
        ({}, {"raised": False}, "case_changed"),
        ({}, {"published": False}, None),
    ],
)
def test_what_forbids_to_tell(customer: dict[str, Any], about: dict[str, Any], reason: str | None) -> None:
    assert reason_not_to_inform(POLICY, NOW, NOW, reached(**customer), grounds(**about)) == reason


@given(
    st.sampled_from([True, False, None]),
    st.booleans(),
    st.integers(0, 60),
    st.sampled_from(["live", "test"]),
    st.booleans(),
)
def test_b40_nobody_is_told_without_a_basis(
    may_contact: bool | None, raised: bool, days: int, mode: Any, test_address: bool
) -> None:
    customer = reached(may_contact=may_contact, mode=mode, test_address=test_address)
    reason = reason_not_to_inform(
        POLICY, NOW, NOW - timedelta(days=days), customer, grounds(has_basis=False, raised=raised)
    )
    assert reason is not None


def test_what_was_published_too_long_ago_is_told_to_nobody() -> None:
    assert reason_not_to_inform(POLICY, NOW, NOW - POLICY.max_age, reached(), grounds()) is None
    late = NOW - POLICY.max_age - timedelta(seconds=1)
    assert reason_not_to_inform(POLICY, NOW, late, reached(), grounds()) == "too_old"


ALWAYS = ContactHours(zone="Europe/Copenhagen")
BY_DAY = replace(ALWAYS, quiet=QuietHours(start="21:00", end="08:00"))


@pytest.mark.parametrize(
    ("told_days_ago", "hours", "at", "hold"),
    [
        (None, ALWAYS, NOW, UpdateHold(NOW)),
        (14, ALWAYS, NOW, UpdateHold(NOW)),
        (13, ALWAYS, NOW, UpdateHold(NOW + timedelta(days=1), "told_lately")),
        (None, BY_DAY, NOW + timedelta(hours=12), UpdateHold(NOW + timedelta(hours=19), "quiet_hours")),
        (
            13.5,
            BY_DAY,
            NOW,
            UpdateHold(NOW + timedelta(hours=19), "told_lately"),  # half a day later is at night
        ),
    ],
)
def test_what_holds_it(
    told_days_ago: float | None, hours: ContactHours, at: datetime, hold: UpdateHold
) -> None:
    told_at = NOW - timedelta(days=told_days_ago) if told_days_ago is not None else None
    assert hold_update(POLICY, at, told_at, hours, grounds()) == hold


@given(st.integers(0, 366 * 24 * 60), st.integers(0, 14 * 24))
def test_no_two_leave_within_fourteen_days_and_none_at_a_forbidden_hour(minutes: int, hours: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    told_at = now - timedelta(hours=hours)
    held = hold_update(POLICY, now, told_at, BY_DAY, grounds())
    assert held.until - told_at >= POLICY.distance
    assert hold_update(POLICY, held.until, told_at, BY_DAY, grounds()) == UpdateHold(held.until)


def test_what_is_taken_back_waits_whatever_the_hour() -> None:
    held = hold_update(POLICY, NOW, None, BY_DAY, grounds(published=False))
    assert held == UpdateHold(NOW + POLICY.taken_back_wait, "taken_back")


def test_an_action_tells_from_its_publication_on_and_only_while_it_is_done() -> None:
    action = an_action()
    assert published_at_of(action) == action.published_at
    assert published_at_of(replace(action, published_at=None)) is None, (
        "published by a version that told nobody"
    )
    assert published_at_of(replace(action, texts={})) is None
    assert published_at_of(replace(action, status="doing")) is None


def test_the_first_day_begins_by_the_clock_of_the_company() -> None:
    assert raised_from(ACTION, "Europe/Copenhagen") == datetime(2026, 6, 3, 22, tzinfo=UTC)
    assert raised_from(ACTION, "UTC") == datetime(2026, 6, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("segment", "of_cases"),
    [
        ("", CaseSegment()),
        ("touchpoint:home delivery", CaseSegment("touchpoint", "home delivery")),
        ("a%3Ab:50%25 %2F 2", CaseSegment("a:b", "50% / 2")),
        ("organisation:north/sales %2F west", CaseSegment(path=("north", "sales / west"))),
    ],
)
def test_a_segment_as_cases_have_it(segment: str, of_cases: CaseSegment) -> None:
    assert segment_of_cases(segment) == of_cases


@pytest.mark.parametrize(
    ("languages", "language"),
    [(("da", "en"), "da"), (("nl", "en"), "en"), (("en-GB",), "en"), (("fi", "nl"), "da"), ((), "da")],
)
def test_the_text_is_in_the_customers_language_else_in_the_companys_else_the_first(
    languages: tuple[str, ...], language: str
) -> None:
    assert text_for(TEXTS, *languages) == (language, TEXTS[language])


def test_the_mail_of_an_action_and_a_person_is_one_whatever_case_it_is_of() -> None:
    first, second = (
        update_of(ACTION, RaisedCase(UUID(int=n), n, "p-1", UUID(int=n)), NOW + timedelta(days=n))
        for n in (1, 2)
    )
    assert first.id == second.id
    other = update_of(ACTION, RaisedCase(UUID(int=1), 1, "p-2", UUID(int=1)), NOW)
    of_another = update_of(
        replace(ACTION, tenant="zenith"), RaisedCase(UUID(int=1), 1, "p-1", UUID(int=1)), NOW
    )
    assert len({first.id, other.id, of_another.id}) == 3


SETTINGS = afterword_settings("127.0.0.1:1", mail_from="ask@shop.example")
MAILS = SurveyMailRenderer(SETTINGS, lambda: NOW)
RENDERER = UpdateMailRenderer(SETTINGS, MAILS, lambda: NOW)
COMPANY = Tenant(
    id="acme", version=1, name="Havn & Bo", time_zone="UTC", country="DK", postal_address="Havnegade 1"
)
TEXT = "One line.\nAnother & more.\n\nEnd."


def mail_in(language: str, tenant: Tenant = COMPANY) -> tuple[MailMessage, Invitation]:
    draft = SurveyDraft(name="After delivery", trigger="order.delivered")
    invitation = sample_invitation(UUID(int=7), draft, language, NOW)
    mail = update_of(ACTION, RaisedCase(UUID(int=1), 482130, "p-1", invitation.id), NOW)
    return RENDERER.message(mail, language, TEXT, invitation, tenant, THE_COMPANY, mailed=True), invitation


@pytest.mark.parametrize("language", STANDARD_LANGUAGES)
def test_the_mail_in_every_language_of_customers(language: str) -> None:
    message, invitation = mail_in(language)
    references = MailReferences(SECRET)
    assert message.in_reply_to == references.message_id(MailReference(invitation.id), "ask@shop.example")
    assert (message.sender_name, message.by_person) == ("Havn & Bo", False)
    assert message.unsubscribe is not None
    for part in (message.text, message.html):
        assert message.unsubscribe in part
        assert "Havnegade 1" in part
    assert TEXT in message.text
    assert "One line.<br>Another &amp; more." in message.html
    assert f'<html lang="{language}"' in message.html
    assert "Havn & Bo" in message.subject
    assert ("you said, we did" in message.subject) is (language == "en")
    head = message.as_bytes().split(b"\r\n\r\n")[0].decode()
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head
    assert "Auto-Submitted: auto-generated" in head


@pytest.mark.parametrize("accent", [None, "#a3156f"])
def test_it_is_laid_out_as_mails_that_ask_and_can_be_read_in_light_and_dark(accent: str | None) -> None:
    tenant = replace(COMPANY, accent=accent)
    message, invitation = mail_in("en", tenant)
    page, dark = read_markup(message.html), dark_sheet(message.html)
    asking = read_markup(MAILS.render(invitation, tenant, SurveyTexts()).html)
    known = {name for element in asking.elements for name in element.style}
    assert {name for element in page.elements for name in element.style} <= known
    shown = [one for one in page.elements if one.own_text and not one.is_hidden]
    assert len(shown) >= 8
    for element in shown:
        for sheet in ({}, dark):
            text, ground = (element.color(name, sheet) for name in ("color", "background-color"))
            assert contrast(text, ground) >= 4.5, (element.tag, element.own_text)
    for table in page.all("table"):
        assert table.attributes["role"] == "presentation"
    assert [link.text for link in page.all("a")] == ["Unsubscribe"]
    assert len(page.all("h1")) == 1

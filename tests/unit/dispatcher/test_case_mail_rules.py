"""A mail from a case: what forbids it, and that its states hold in whatever order they are told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from support.http_clients import SECRET, afterword_settings

from services.dispatcher.invitations.survey_mail import THE_COMPANY, MailSender, SurveyMailRenderer
from services.dispatcher.replies.domain import (
    MailWords,
    OutgoingMail,
    ReachedCustomer,
    moves_on,
    reason_not_to_write,
)
from services.dispatcher.replies.judging import MAX_WAIT
from services.dispatcher.replies.reply_mail import ReplyMailRenderer
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.sample_invitations import sample_invitation
from shared.events import CaseMailState, Customer, Tenant
from shared.mail.references import MailReference, MailReferences

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def reached(**changes: Any) -> ReachedCustomer:
    usual: dict[str, Any] = {
        "address": "good",
        "test_address": False,
        "erased": False,
        "reasons": (),
        "may_contact": None,
        "company": "running",
        "mode": "live",
        "test": False,
    }
    return ReachedCustomer(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"may_contact": True}, None),
        ({"erased": True}, "erased"),
        ({"company": "paused"}, "company_closed"),
        ({"company": "leaving"}, "company_closed"),
        ({"address": "missing"}, "no_address"),
        ({"address": "bad"}, "bad_address"),
        ({"may_contact": False}, "no_contact_wanted"),
        ({"reasons": ["complained"]}, "complained"),
        ({"reasons": ["unsubscribed"]}, "opted_out"),
        ({"reasons": ["listed"]}, "suppressed"),
        ({"reasons": ["bounced"]}, "undeliverable"),
        ({"mode": "test"}, "test_mode"),
        ({"test": True}, "test_mode"),
        ({"mode": "test", "test_address": True}, None),
    ],
)
def test_what_forbids_to_write(changes: dict[str, Any], reason: str | None) -> None:
    assert reason_not_to_write(timedelta(), MAX_WAIT, reached(**changes)) == reason


def test_what_has_waited_for_too_long_does_not_leave() -> None:
    assert reason_not_to_write(MAX_WAIT, MAX_WAIT, reached()) is None
    assert reason_not_to_write(MAX_WAIT + timedelta(seconds=1), MAX_WAIT, reached()) == "too_old"


STATES: list[CaseMailState] = ["waiting", "sent", "failed", "refused", "unknown", "bounced"]


@given(st.lists(st.sampled_from(STATES)), st.randoms())
def test_a_mail_that_came_back_has_come_back_in_whatever_order_it_is_told(
    told: list[CaseMailState], random: Any
) -> None:
    said = [*told, "sent", "bounced"]
    random.shuffle(said)
    state: CaseMailState = "waiting"
    for each in said:
        state = each if moves_on(state, each) else state
    assert state == "bounced"
    assert not any(moves_on("bounced", each) for each in STATES)


class TestMail:
    WORDS = MailWords(
        subject="Din sofa",
        text="Kære Karen\nvi beklager.\n\n<b>Jonas</b>",
        language="da",
        author="Jonas Holt",
    )
    MAIL = OutgoingMail(
        tenant="havnbo",
        id=UUID(int=9),
        kind="reply",
        version=1,
        state="waiting",
        reason=None,
        case_id=UUID(int=3),
        case_number=482130,
        answer_id=UUID(int=1),
        customer_id="c",
        person="p",
        contact_key=None,
        written_at=NOW,
        words=WORDS,
    )

    def message(self, own: MailSender = THE_COMPANY, *, mailed: bool = True, **settings: object) -> Any:
        afterword = afterword_settings("127.0.0.1:1", mail_from="ask@shop.example", **settings)
        renderer = ReplyMailRenderer(afterword, SurveyMailRenderer(afterword, lambda: NOW), lambda: NOW)
        tenant = Tenant(id="havnbo", version=1, name="Havnbo", time_zone="UTC", country="DK")
        draft = SurveyDraft(name="After delivery", trigger="order.delivered")
        customer = Customer(id="c", email="karen@example.com")
        sample = sample_invitation(UUID(int=7), draft, "da", NOW)
        invitation = replace(sample, id=UUID(int=1), customer=customer)
        return renderer.message(self.MAIL, self.WORDS, invitation, tenant, own, mailed=mailed), invitation

    def test_it_is_the_colleagues_own_words_from_them_and_the_company(self) -> None:
        mail, invitation = self.message()
        assert (mail.sender, mail.sender_name) == ("ask@shop.example", "Jonas Holt, Havnbo")
        assert (mail.subject, mail.recipient) == ("Din sofa", invitation.customer.email)
        assert mail.text.startswith("Kære Karen\nvi beklager.\n\n<b>Jonas</b>\n")
        assert "&lt;b&gt;Jonas&lt;/b&gt;" in mail.html
        assert "482130" in mail.text
        assert mail.unsubscribe is None
        assert b"Auto-Submitted" not in mail.as_bytes()

    def test_it_belongs_to_the_mail_that_asked_and_has_one_id_for_ever(self) -> None:
        references = MailReferences(SECRET)
        first, invitation = self.message()
        again, _ = self.message()
        assert first.message_id == again.message_id
        assert references.read_message_id(first.message_id) == MailReference(self.MAIL.id)
        assert references.read_message_id(first.in_reply_to) == MailReference(invitation.id)
        assert self.message(mailed=False)[0].in_reply_to is None

    def test_its_answers_come_back_where_there_is_a_door_and_go_to_the_company_where_there_is_none(
        self,
    ) -> None:
        references = MailReferences(SECRET)
        mail, _ = self.message(reply_host="replies.shop.example", bounce_host="bounces.shop.example")
        read = references.read_reply_address(mail.reply_to, "replies.shop.example")
        assert read == MailReference(self.MAIL.id)
        assert references.read_bounce_address(mail.envelope_sender, "bounces.shop.example") == read
        own = MailSender(name="Havnbo Møbler", reply_to="service@shop.example")
        ordinary, _ = self.message(own)
        assert (ordinary.reply_to, ordinary.sender_name) == (
            "service@shop.example",
            "Jonas Holt, Havnbo Møbler",
        )
        assert len(ordinary.text) < len(mail.text)  # which says that an answer comes back

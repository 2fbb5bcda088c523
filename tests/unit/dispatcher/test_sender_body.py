"""Whom a survey's mails come from: what may be written, and what stands in the mail's head."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from services.dispatcher.surveys.sender_body import ReplyAddress, SenderName
from shared.mail import MailMessage


class Body(BaseModel):
    """As a survey's body has them."""

    sender_name: SenderName | None = None
    reply_to: ReplyAddress | None = None


def a_mail(name: str, reply_to: str | None) -> MailMessage:
    return MailMessage(
        sender="ask@shop.example",
        sender_name=name,
        reply_to=reply_to,
        recipient="kim@customer.example",
        subject="How did it go?",
        text="…",
        html="…",
        message_id="<1@shop.example>",
        date=datetime(2026, 11, 20, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("Kim  at\r\nHavnbo ", "Kim at Havnbo"),
        ("", None),
        ("  ", None),
        ("Søren & Co, “Havnbo”", "Søren & Co, “Havnbo”"),
    ],
)
def test_a_name_is_one_line_and_an_empty_one_is_none(given_name: str, kept: str | None) -> None:
    assert Body(sender_name=given_name).sender_name == kept


@pytest.mark.parametrize("name", ["boss@bank.example", "Kim\x00", "mib\u202ekcab", "x" * 101, "a\u200bb"])
def test_a_name_that_would_be_read_as_another_sender_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        Body(sender_name=name)


@pytest.mark.parametrize(
    "address",
    [
        "kim",
        "kim@",
        "kim@havnbo",
        "a@b.dk, c@d.dk",
        "kim@havnbo.dk\r\nBcc: x@y.dk",
        "Kim <kim@havnbo.dk>",
        "x" * 250 + "@y.dk",
    ],
)
def test_an_address_for_replies_is_one_address(address: str) -> None:
    with pytest.raises(ValidationError):
        Body(reply_to=address)
    assert Body(reply_to=" kim@havnbo.dk ").reply_to == "kim@havnbo.dk"
    assert Body(reply_to="").reply_to is None


def accepted(**fields: str) -> Body:
    """The body with a field, or without one where it is refused."""
    try:
        return Body.model_validate(fields)
    except ValidationError:
        return Body()


@given(
    name=st.text(max_size=120) | st.text('aø <>\\",:;()=?_.\r\n\t', max_size=100),
    reply_to=st.text(max_size=60) | st.emails(),
)
def test_whatever_is_accepted_adds_no_header_and_changes_no_address(name: str, reply_to: str) -> None:
    body = accepted(sender_name=name).model_copy(update={"reply_to": accepted(reply_to=reply_to).reply_to})
    raw = a_mail(body.sender_name or "Havnbo", body.reply_to).as_bytes()
    mail = message_from_bytes(raw, policy=policy.SMTP)
    expected = ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted"]
    expected += ["Reply-To"] if body.reply_to else []
    assert mail.keys() == [*expected, "MIME-Version", "Content-Type"]
    # Not by the parser of that policy, which sets a blank between two encoded words (RFC 2047, 6.2).
    name, address = parseaddr(message_from_bytes(raw)["From"])
    assert address == "ask@shop.example"
    assert str(make_header(decode_header(name))) == (body.sender_name or "Havnbo")

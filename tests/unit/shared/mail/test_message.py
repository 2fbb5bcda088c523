"""A mail is what mailbox providers and readers need, whatever was written into its parts."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mail import InlinePicture, MailMessage, message_id

SECRET = "a secret of more than thirty-two characters"
LETTER = MailMessage(
    sender="ask@shop.example",
    sender_name="Blåhø & Søn",
    recipient="a.hansen@example.com",
    subject="Hvordan gik det?",
    text="Ét spørgsmål\n.\nhttps://shop.example/s/abc",
    html="<p>Ét spørgsmål</p>",
    message_id=message_id(SECRET, "invitation", "1", "ask@shop.example"),
    date=datetime(2026, 11, 22, 5, tzinfo=UTC),
    unsubscribe="https://shop.example/u/" + "x" * 43,
    list_id="survey.acme.shop.example",
)


def read(letter: MailMessage) -> EmailMessage:
    return message_from_bytes(letter.as_bytes(), policy=policy.default)


def test_text_comes_first_then_html() -> None:
    message = read(LETTER)
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().splitlines() == LETTER.text.splitlines()
    assert html.get_content().strip() == LETTER.html


def test_headers_of_automatic_list_mail_are_there_once() -> None:
    message = read(LETTER)
    expected = {
        "From": "Blåhø & Søn <ask@shop.example>",
        "To": "a.hansen@example.com",
        "Subject": "Hvordan gik det?",
        "Auto-Submitted": "auto-generated",
        "List-Id": "<survey.acme.shop.example>",
        "List-Unsubscribe": f"<{LETTER.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    for name, value in expected.items():
        assert [str(found) for found in message.get_all(name, [])] == [value], name
    assert message["Date"].datetime == LETTER.date
    assert message["Message-ID"].endswith("@shop.example>")


def test_mail_to_staff_belongs_to_no_list() -> None:
    message = read(replace(LETTER, unsubscribe=None, list_id=None))
    assert "List-Unsubscribe" not in message
    assert "List-Id" not in message


def test_the_message_id_is_stable_and_differs_by_kind_and_thing() -> None:
    def of(kind: str, thing: str) -> str:
        return message_id(SECRET, kind, thing, "ask@shop.example")

    assert of("invitation", "1") == of("invitation", "1")
    assert len({of("invitation", "1"), of("reminder", "1"), of("invitation", "2")}) == 3


def test_no_line_is_longer_than_smtp_allows() -> None:
    assert max(map(len, LETTER.as_bytes().split(b"\r\n"))) < 998
    assert b"\n" not in LETTER.as_bytes().replace(b"\r\n", b"")


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=300))
def test_every_text_arrives_as_it_was_written(text: str) -> None:
    for part in read(replace(LETTER, text=text, html=text)).iter_parts():
        assert part.get_content().replace("\r\n", "\n") == text


@given(name=words, subject=words)
def test_no_text_can_begin_another_header(name: str, subject: str) -> None:
    message = read(
        replace(LETTER, sender_name=name + "\r\nBcc: x@example.com", subject=subject + "\nBcc: y@example.com")
    )
    assert "Bcc" not in message
    assert message["To"] == "a.hansen@example.com"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("anna@bøger.example", b"To: anna@xn--bger-gra.example\r\n"),
        ("anna@BÜCHER.example", b"To: anna@xn--bcher-kva.example\r\n"),
        ("søren@bøger.example", "To: søren@xn--bger-gra.example\r\n".encode()),
        ("anna@example.com", b"To: anna@example.com\r\n"),
        ("anna@-ø-.example", "To: anna@-ø-.example\r\n".encode()),
    ],
)
def test_no_encoded_word_ever_stands_in_an_address(address: str, told: bytes) -> None:
    head, _, _ = replace(LETTER, recipient=address).as_bytes().partition(b"\r\n\r\n")
    assert told in head + b"\r\n"


def test_the_sender_may_have_a_domain_of_its_own_alphabet() -> None:
    message = read(
        replace(
            LETTER, sender="ask@bøger.example", message_id=message_id(SECRET, "i", "1", "a@bøger.example")
        )
    )
    assert message["From"].addresses[0].addr_spec == "ask@xn--bger-gra.example"
    assert message["Message-ID"].endswith("@xn--bger-gra.example>")


def test_a_picture_is_shown_within_the_html_and_is_no_attachment() -> None:
    body = bytes(range(256)) * 20
    picture = InlinePicture(content_id="trend", name="trend.png", body=body)
    letter = replace(LETTER, html='<img src="cid:trend" alt="x">', picture=picture)
    message = read(letter)
    text, related = message.iter_parts()
    assert text.get_content().splitlines() == LETTER.text.splitlines()
    assert (related.get_content_type(), related.get_param("type")) == ("multipart/related", "text/html")
    html, shown = related.iter_parts()
    assert html.get_content().strip() == letter.html
    assert shown.get_content() == body
    assert (shown["Content-ID"], shown.get_content_disposition()) == ("<trend>", "inline")
    assert b"\n" not in letter.as_bytes().replace(b"\r\n", b"")

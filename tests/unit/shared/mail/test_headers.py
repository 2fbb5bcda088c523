"""Whatever is written into a header, readers of every kind find the same text, and no server minds its form."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.mail import MailMessage
from shared.mail.headers import one_line

LETTER = MailMessage(
    sender="ask@shop.example", sender_name="Blåhø & Søn", recipient="a.hansen@example.com", subject="Hvordan?",
    text="x", html="<p>x</p>", message_id="<1@shop.example>", date=datetime(2026, 11, 22, 5, tzinfo=UTC),
    unsubscribe="https://shop.example/u/x", list_id="survey.acme.shop.example",
)  # fmt: skip


WORD = re.compile(r"=\?([^?]*)\?([bqBQ])\?([^?]*)\?=")
utf8 = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
names = st.one_of(
    utf8, st.text("株式会社アフターワード", max_size=80), st.text('ab \\",.<>@()?=_', max_size=90)
)


def fields(letter: MailMessage) -> dict[str, str]:
    head, _, _ = letter.as_bytes().partition(b"\r\n\r\n")
    unfolded = re.split(r"\r\n(?![ \t])", head.decode())
    return dict(line.split(": ", 1) for line in unfolded)


@given(name=names, subject=utf8)
@example(name="株式会社アフターワード・カスタマーサクセス推進本部・東京営業所", subject="é" * 300)
@example(name="=?utf-8?q?x?=", subject="=?utf-8?b?eA==?=")
@example(name='Ben & Jerry\'s <3 "Ltd", GmbH', subject="a" * 3000)
@example(name="👩‍👩‍👧‍👦" * 20, subject="👩‍👩‍👧‍👦 " * 50)
@example(name="\\", subject="a =?b")
@example(name="Shop Ltd " * 30, subject="in words " * 200)
def test_any_text_is_read_back_the_same_from_words_and_lines_of_lawful_length(
    name: str, subject: str
) -> None:
    letter = replace(LETTER, sender_name=name, subject=subject)
    head, _, _ = letter.as_bytes().partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        words = WORD.findall(line.decode())
        assert len(line) <= (76 if words else 998)
    assert all(len(word.group()) <= 75 for word in WORD.finditer(head.decode()))
    for _, encoding, inner in WORD.findall(head.decode()):  # each word is of whole characters
        ((decoded, charset),) = decode_header(f"=?utf-8?{encoding}?{inner}?=")
        decoded.decode(charset)
    message = message_from_bytes(letter.as_bytes(), policy=policy.default)
    assert str(make_header(decode_header(fields(letter)["Subject"].replace("\r\n ", " ")))) == one_line(
        subject
    )
    shown = fields(letter)["From"].replace("\r\n ", " ").rpartition("<")[0]
    assert message["From"].addresses[0].addr_spec == "ask@shop.example"
    if WORD.search(shown):
        assert str(make_header(decode_header(shown.strip()))) == one_line(name)
    else:
        assert message["From"].addresses[0].display_name == one_line(name)


@given(
    text=st.text(max_size=60),
    where=st.sampled_from(["sender_name", "subject", "recipient", "list_id", "message_id", "unsubscribe"]),
)
def test_no_field_can_begin_another(text: str, where: str) -> None:
    value: Any = f"{text}\r\nBcc: x@example.com\r\n\r\n{text}"
    letter = replace(LETTER, **{where: value})
    assert "Bcc" not in message_from_bytes(letter.as_bytes(), policy=policy.compat32)


def test_ascii_stays_as_it_is_and_is_folded_at_blanks() -> None:
    assert fields(replace(LETTER, sender_name="Shop Ltd"))["From"] == ("Shop Ltd <ask@shop.example>")
    subject = "How likely is it that you would recommend Shop to a friend or colleague of yours today?"
    folded = fields(replace(LETTER, subject=subject))["Subject"]
    assert "=?" not in folded
    assert folded.replace("\r\n ", " ") == subject
    assert all(len(line) <= 78 for line in f"Subject: {folded}".split("\r\n"))


def test_letters_of_one_alphabet_stay_readable() -> None:
    assert fields(LETTER)["From"] == "=?utf-8?q?Bl=C3=A5h=C3=B8_=26_S=C3=B8n?= <ask@shop.example>"


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"list_id": "survey.acme.bøger.example"}, "List-Id", "<survey.acme.xn--bger-gra.example>"),
        (
            {"unsubscribe": "https://bøger.example:8443/u/x"},
            "List-Unsubscribe",
            "<https://xn--bger-gra.example:8443/u/x>",
        ),
        ({"sender_name": ""}, "From", "ask@shop.example"),
    ],
)
def test_every_field_but_an_address_is_ascii(changes: dict[str, Any], field: str, value: str) -> None:
    assert fields(replace(LETTER, **changes))[field] == value

"""Signatures of mails: dkimpy, which others verify with, takes each of them."""

import time
from datetime import UTC, datetime
from itertools import chain

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mail.dkim import DomainKey, relaxed_body, relaxed_field, signed
from shared.mail.wire_lines import wire_form
from shared.values.dkim_keys import DkimKey, new_key, read_keys, signing_keys

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
RSA, ED25519 = new_key("rsa-1"), new_key("ed-1", "ed25519-sha256")
DOMAIN = "shop.example"
BOTH = [DomainKey(DOMAIN, RSA), DomainKey(DOMAIN, ED25519)]
MAIL = (
    b"From: Shop <ask@shop.example>\r\nTo: ada@example.com\r\nSubject: How did it go?\r\n"
    b"Date: Sun, 29 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@shop.example>\r\n"
    b"List-Unsubscribe: <https://ask.shop.example/u/1>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello,\r\n.\r\n..two  blanks \r\n"
)


def record_of(name: bytes, timeout: int = 5) -> bytes | None:
    """The record of a key, as dkimpy asks for it."""
    records = {key.record_name(DOMAIN): key.record for key in (RSA, ED25519)}
    record = records.get(name.decode().rstrip("."))
    return record.encode() if record else None


def verifies(mail: bytes, idx: int = 0) -> bool:
    try:
        return bool(dkim.DKIM(mail).verify(idx=idx, dnsfunc=record_of))
    except dkim.ValidationError:  # of the body; of the header it returns False
        return False


def tags_of(mail: bytes) -> dict[str, str]:
    field = mail.partition(b"\r\nDKIM")[0].partition(b"\r\nFrom")[0].decode().partition(":")[2]
    return {
        name.strip(): "".join(value.split())
        for name, _, value in (tag.partition("=") for tag in field.split(";"))
    }


def test_both_signatures_of_a_mail_are_verified() -> None:
    mail = signed(MAIL, BOTH, NOW)
    assert mail.endswith(MAIL)
    assert mail.count(b"DKIM-Signature:") == 2
    assert verifies(mail, 0)
    assert verifies(mail, 1)
    assert all(len(line) <= 78 for line in mail.removesuffix(MAIL).splitlines())


def test_it_names_what_it_signs_and_no_length() -> None:
    tags = tags_of(signed(MAIL, BOTH[:1], NOW))
    assert (tags["a"], tags["c"], tags["d"], tags["s"]) == ("rsa-sha256", "relaxed/relaxed", DOMAIN, "rsa-1")
    assert tags["t"] == str(int(NOW.timestamp()))
    assert "l" not in tags
    names = tags["h"].split(":")
    assert {"date", "message-id", "mime-version", "content-type"} <= set(names)
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(names)
    assert [names.count(name) for name in ("from", "to", "subject", "reply-to")] == [2, 2, 2, 1]


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        (b"<https://ask.shop.example/u/1>", b"<https://elsewhere.example/u/1>"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Never"),
        (b"Subject: How", b"Subject: Now"),
        (b"\r\nSubject:", b"\r\nSubject: Another\r\nSubject:"),
        (b"From: Shop", b"From: <other@shop.example>\r\nFrom: Shop"),
        (b"\r\nTo:", b"\r\nReply-To: <other@example.com>\r\nTo:"),
        (b"..two  blanks \r\n", b"..two  blanks \r\nAnd more\r\n"),
    ],
)
def test_whatever_is_changed_on_the_way_breaks_it(was: bytes, is_now: bytes) -> None:
    assert was in MAIL
    for number, _ in enumerate(BOTH):
        assert not verifies(signed(MAIL, BOTH, NOW).replace(was, is_now), number)


def test_blanks_that_servers_change_do_not_break_it() -> None:
    mail = signed(MAIL, BOTH, NOW)
    changed = mail.replace(b"Subject: How did", b"SUBJECT:\tHow\r\n  did").replace(
        b"two  blanks ", b"two blanks\t"
    )
    assert changed != mail
    assert verifies(changed + b"\r\n\r\n")


def test_without_a_key_only_the_line_ends_change() -> None:
    assert signed(b"A: b\n\nc\rd", [], NOW) == b"A: b\r\n\r\nc\r\nd\r\n"


_LINES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from(" \t.="),
    max_size=120,
)
_VALUES = st.lists(_LINES, min_size=1, max_size=4).map(
    lambda parts: "\r\n ".join(part for part in parts if part.strip(" \t")) or "x"
)
_ENDS = st.sampled_from(["\r\n", "\n", "\r"])


@given(
    subject=_VALUES,
    to=_VALUES,
    others=st.lists(st.tuples(st.sampled_from(["X-Own", "List-Id", "Received", "To"]), _VALUES), max_size=4),
    body=st.lists(st.tuples(_LINES, _ENDS), max_size=12),
    long=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_dkimpy_verifies_whatever_is_signed(
    subject: str, to: str, others: list[tuple[str, str]], body: list[tuple[str, str]], long: bool
) -> None:
    head = [("From", "a@shop.example"), ("To", to), ("Subject", subject), *others]
    text = "".join(f"{name}: {value}\r\n" for name, value in head) + "\r\n" + "".join(chain(*body))
    text += ("word " * 400 + "\r\n") if long else ""
    mail = signed(text.encode(), BOTH, NOW)
    assert mail.endswith(wire_form(text.encode()))
    assert verifies(mail, 0)
    assert verifies(mail, 1)


def test_the_examples_of_the_standard_have_their_canonical_form() -> None:
    """RFC 6376, 3.4.5."""
    assert relaxed_field(b"A: X") == b"a:X"
    assert relaxed_field(b"B : Y\t\r\n\tZ  ") == b"b:Y Z"
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"
    assert relaxed_body(b"") == b""
    assert relaxed_body(b"\r\n \r\n\t\r\n") == b""


def test_keys_are_read_as_they_are_written() -> None:
    keys = read_keys(RSA.written() + "\n" + ED25519.written().replace("\n", "\r\n"))
    assert [(key.selector, key.record) for key in keys] == [("rsa-1", RSA.record), ("ed-1", ED25519.record)]
    assert RSA.pem().splitlines()[1] not in repr(keys)
    assert len(ED25519.record) < 100


def test_faults_of_keys_are_named_and_quote_nothing() -> None:
    small = generate_private_key(public_exponent=65537, key_size=1024)
    short = small.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for text, fault in (
        ("rsa-1\nsecret words", "each key is a line"),
        (RSA.pem(), "each key is a line"),
        (RSA.written() + RSA.written(), "the same selector"),
        ("under_score\n" + RSA.pem(), "a selector is made of"),
        (f"short\n{short}", "2048 to 4096 bits"),
        ("rsa-1\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "cannot be read"),
    ):
        with pytest.raises(ValueError, match=fault) as raised:
            read_keys(text)
        assert "secret words" not in str(raised.value)


def test_a_new_key_signs_once_its_record_is_seen() -> None:
    newer = DkimKey("rsa-2", new_key("x").private)
    keys = [RSA, ED25519, newer]
    assert signing_keys(keys, frozenset()) == [RSA, ED25519]
    assert signing_keys(keys, frozenset({"rsa-1", "ed-1"})) == [RSA, ED25519]
    assert signing_keys(keys, frozenset({"rsa-1", "rsa-2"})) == [newer, ED25519]
    assert signing_keys(keys, frozenset({"rsa-2"})) == [newer, ED25519]
    assert signing_keys([], frozenset({"rsa-2"})) == []


def test_it_signs_far_faster_than_a_mail_server_takes_mails() -> None:
    mail = MAIL + b"A line of a mail of the usual size.\r\n" * 400
    started, n = time.process_time(), 60
    for _ in range(n):
        signed(mail, BOTH[:1], NOW)
    per_second = n / (time.process_time() - started)
    assert per_second > 200, f"{per_second:.0f} signatures a second"

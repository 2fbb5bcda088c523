"""Reports of real mail systems are read, and say of which mail only by references that we have signed."""

import random
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.bounces import BOUNCE_HOST, SAMPLES, a_report

from services.dispatcher.bounces.failures import (
    BounceKind,
    MailReport,
    ReportFinding,
    judge_failure,
    worst,
)
from services.dispatcher.bounces.reading import MAX_REPORT_BYTES, NoReport, UnknownMail, read_report
from shared.mail.references import MailReference, MailReferences

SECRET, HOST = "a secret of the tests", BOUNCE_HOST
REFERENCES = MailReferences(SECRET)
MAIL = MailReference(UUID("01930f3e-0000-7000-8000-000000000001"), 2)
OTHER = MailReferences("another secret")


def sample(name: str, references: MailReferences = REFERENCES) -> bytes:
    """A report as its mail system writes it, about our mail."""
    return a_report(name, references, MAIL)


SAID: dict[str, tuple[BounceKind | None, str | None]] = {
    "postfix": ("hard", "5.1.1"),
    "postfix_delayed": (None, None),
    "postfix_expired": (None, None),
    "exim": ("hard", "5.0.0"),
    "exim_old": ("hard", "5.1.1"),
    "sendmail": ("soft", "5.2.2"),
    "qmail": ("hard", "5.1.1"),
    "office365": ("hard", "5.1.10"),
    "exchange_policy": ("policy", "5.7.1"),
    "gmail": ("hard", "5.1.1"),
    "yahoo": ("hard", None),
    "courier": ("hard", "5.0.0"),
    "zimbra": ("soft", "5.2.2"),
    "amazon_ses": (None, None),
    "arf_yahoo": ("complaint", None),
    "arf_redacted": ("complaint", None),
    "arf_not_spam": (None, None),
    "hotmail_jmrp": ("complaint", None),
    "outlook_arf": ("complaint", None),
}
NO_REPORTS = ("out_of_office", "letter")


def test_each_sample_is_expected_to_say_something() -> None:
    assert {path.stem for path in SAMPLES.glob("*.eml")} == {*SAID, *NO_REPORTS}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("name", SAID)
def test_the_report_of_a_mail_system_is_read(name: str, ends: str) -> None:
    kind, status = SAID[name]
    found = read_report(sample(name).replace(b"\n", ends.encode()), REFERENCES)
    assert found == (MailReport(MAIL, kind, status) if kind is not None else None)


@pytest.mark.parametrize("name", NO_REPORTS)
def test_what_a_person_or_their_mailbox_writes_is_no_report(name: str) -> None:
    with pytest.raises(NoReport):
        read_report(sample(name), REFERENCES, MAIL)


@pytest.mark.parametrize("name", SAID)
def test_a_report_with_references_that_we_have_not_signed_is_about_no_mail(name: str) -> None:
    with pytest.raises(UnknownMail):
        read_report(sample(name, OTHER), REFERENCES)


def test_the_address_that_a_report_came_to_counts_before_what_it_quotes() -> None:
    came_to = MAIL._replace(n=1)
    assert read_report(sample("qmail", OTHER), REFERENCES, came_to) == MailReport(came_to, "hard", "5.1.1")
    about = read_report(sample("gmail"), REFERENCES, came_to)
    assert about is not None
    assert about.mail == came_to


def test_the_mail_that_a_reminder_answers_is_not_the_one_that_came_back() -> None:
    first = REFERENCES.message_id(MAIL._replace(n=1), "ask@shop.example").encode()
    quoted = REFERENCES.message_id(MAIL, "ask@shop.example").encode()
    raw = sample("outlook_arf").replace(
        b"Message-ID: " + quoted, b"In-Reply-To: %b\nReferences: %b\nMessage-ID: %b" % (first, first, quoted)
    )
    found = read_report(raw, REFERENCES)
    assert found is not None
    assert found.mail == MAIL


def test_a_field_that_a_provider_sends_back_names_the_mail() -> None:
    raw = sample("outlook_arf").replace(
        b"Message-ID: " + REFERENCES.message_id(MAIL, "ask@shop.example").encode(),
        b"X-Afterword-Ref: " + REFERENCES.reference(MAIL).encode(),
    )
    found = read_report(raw, REFERENCES)
    assert found is not None
    assert found.mail == MAIL


@pytest.mark.parametrize("seed", range(40))
def test_damaged_reports_are_read_or_refused_and_break_nothing(seed: int) -> None:
    random_ = random.Random(seed)
    raw = bytearray(sample(random_.choice(sorted(SAID))))
    for _ in range(random_.randrange(1, 60)):
        place = random_.randrange(len(raw))
        raw[place : place + random_.randrange(3)] = random_.randbytes(random_.randrange(3))
    with suppress(NoReport, UnknownMail):
        read_report(bytes(raw), REFERENCES, MAIL)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 1000,
        b"Content-Type: multipart/report; boundary=x\n\n" + b"--x\n" * 5_000,
        b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(2_000)),
        b"From: mailer-daemon\nSubject: failure notice\nContent-Type: text/plain; charset=no-such\n\n\xff",
        b"Subject: " + b"a" * (2 * MAX_REPORT_BYTES),
    ],
)
def test_what_is_no_mail_is_no_report(raw: bytes) -> None:
    try:
        found = read_report(raw, REFERENCES, MAIL)
    except NoReport:
        return
    assert found == MailReport(MAIL, "soft", None)  # a bounce without a word on why


FAILURES = [
    ("failed", "5.1.1", "", "hard"),
    ("failed", "5.1.2", "", "hard"),
    ("failed", "5.1.7", "", "policy"),
    ("failed", "5.1.8", "", "policy"),
    ("failed", "5.2.1", "", "soft"),
    ("failed", "5.2.2", "", "soft"),
    ("failed", "5.3.1", "", "soft"),
    ("failed", "5.4.5", "", "soft"),
    ("failed", "5.7.1", "", "policy"),
    ("failed", "5.7.26", "550 5.7.26 unauthenticated", "policy"),
    ("failed", "4.4.1", "", None),
    ("failed", "4.2.2", "452 4.2.2 The mailbox is over quota", "soft"),
    ("delayed", "4.4.1", "", None),
    ("delayed", "5.1.1", "", None),
    ("delivered", "2.0.0", "", None),
    ("relayed", "2.0.0", "", None),
    ("expanded", "2.0.0", "", None),
    ("", "5.1.1", "", "hard"),
    ("", "", "", None),
    ("failed", "5.0.0", "550 5.1.1 unknown", "hard"),
    ("failed", "5.0.0", "552 mailbox full", "soft"),
    ("failed", "5.0.0", "550 No such user", "hard"),
    ("failed", "5.0.0", "554 Message rejected: your IP is listed at Spamhaus", "policy"),
    ("failed", "5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "hard"),
    ("failed", "5.5.1", "550 5.5.1 Recipient rejected - user unknown", "hard"),
    ("failed", "5.5.0", "550 5.1.1 User unknown", "hard"),
    ("failed", "5.3.0", "553 5.3.0 <kim@customer.example>... User unknown", "hard"),
    ("failed", "5.7.1", "550 5.7.1 Unable to deliver: recipient unknown", "hard"),
    ("failed", "5.7.17", "", "hard"),
    ("failed", "5.1.0", "550 5.1.0 Address rejected", "hard"),
    ("failed", "5.1.3", "501 5.1.3 Bad recipient address syntax", "hard"),
    ("failed", "5.1.0", "550 5.1.0 Sender rejected: spam-sub-domain", "policy"),
    ("failed", "5.1.0", "550 5.1.0 <bounce+x@b.example> sender rejected. See http://postmaster", "policy"),
    ("failed", "5.1.1", "550 5.1.1 sender domain listed at Spamhaus", "policy"),
    ("failed", "5.5.4", "501 5.5.4 Invalid domain name", "policy"),
    ("failed", "5.5.0", "", "policy"),
    ("failed", "5.7.1", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked", "policy"),
    ("failed", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "soft"),
    ("failed", "5.4.4", "550 5.4.4 host not found", "soft"),
    ("failed", "", "", "soft"),
    ("failed", "", "Exim 4.94.2 on host 10.5.1.1 said: 550 5.1.1 unknown", "hard"),
]


@pytest.mark.parametrize(("action", "status", "text", "kind"), FAILURES)
def test_a_failure_means_what_its_status_says(
    action: str, status: str, text: str, kind: BounceKind | None
) -> None:
    assert judge_failure(action, status, text).kind == kind


@given(st.lists(st.sampled_from(["complaint", "hard", "policy", "soft", None])))
def test_of_several_findings_the_one_counts_that_does_most(kinds: list[BounceKind | None]) -> None:
    found = worst([ReportFinding(kind) for kind in kinds])
    order: list[BounceKind | None] = ["complaint", "hard", "policy", "soft", None]
    assert found == (ReportFinding(min(kinds, key=order.index)) if kinds else None)


class TestReferences:
    @given(st.uuids(), st.integers(1, 255), st.booleans())
    def test_are_read_as_they_were_written_whatever_happens_to_their_case(
        self, about: UUID, n: int, upper: bool
    ) -> None:
        mail = MailReference(about, n)
        address = REFERENCES.bounce_address(mail, HOST)
        id_ = REFERENCES.message_id(mail, "ask@bøger.example")
        changed = str.upper if upper else str.lower
        assert REFERENCES.read_bounce_address(changed(address), HOST) == mail
        assert REFERENCES.read_message_id(changed(id_)) == mail
        assert REFERENCES.read_reference(REFERENCES.reference(mail)) == mail
        assert len(address.partition("@")[0]) <= 64
        assert id_.isascii()

    @given(
        st.uuids(),
        st.integers(1, 255),
        st.integers(0, 47),
        st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"),
    )
    def test_one_that_was_changed_anywhere_is_none(
        self, about: UUID, n: int, place: int, letter: str
    ) -> None:
        mail = MailReference(about, n)
        address = REFERENCES.bounce_address(mail, HOST)
        token = address.removeprefix("bounce+").partition("@")[0]
        forged = token[:place] + letter + token[place + 1 :]
        found = REFERENCES.read_bounce_address(f"bounce+{forged}@{HOST}", HOST)
        assert found == (mail if forged == token else None)

    @pytest.mark.parametrize(
        "address",
        [
            "", "bounce@bounces.shop.example", "bounce+@bounces.shop.example", "kim@customer.example",
            f"bounce+{'a' * 48}@{HOST}", f"bounce+{'1' * 48}@{HOST}", f"bounce+{'a' * 47}@{HOST}",
            OTHER.bounce_address(MAIL, HOST), REFERENCES.bounce_address(MAIL, "elsewhere.example"),
            f"bounce+{REFERENCES.reference(MAIL)}@{HOST}",
        ],
    )  # fmt: skip
    def test_forged_addresses_are_none(self, address: str) -> None:
        assert REFERENCES.read_bounce_address(address, HOST) is None

    def test_the_sender_of_an_envelope_is_no_message_id(self) -> None:
        token = REFERENCES.bounce_address(MAIL, HOST).removeprefix("bounce+").partition("@")[0]
        assert REFERENCES.read_message_id(f"<{token}@shop.example>") is None

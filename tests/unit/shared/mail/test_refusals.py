"""A refusal is read for what it is about, as the servers of this world word it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mail.refusals import SmtpStep, read_refusal

ABOUT_A_MAILBOX = [
    "550 5.1.1 <x@y.example>: Recipient address rejected: User unknown in relay recipient table",
    "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    "550 5.1.2 Host unknown",
    "553 5.1.3 Bad recipient address syntax",
    "550 5.1.6 Recipient no longer on server",
    "550 5.1.0 Address rejected",
    "550 #5.1.0 Address rejected.",
    "550 5.2.1 The email account that you tried to reach is disabled",
    "552 5.2.2 The email account that you tried to reach is over quota",
    "552 5.2.3 Message length exceeds limit of the mailbox",
    "550 5.4.4 Unable to route: host not found",
    "550 5.5.0 Requested action not taken: mailbox unavailable",
    "550 5.5.1 Recipient rejected - user unknown",
    "550 5.7.1 <x@y.example>: Recipient address rejected: user x@y.example does not exist",
    "550 5.7.17 Mailbox owner has changed",
    "556 5.1.10 Recipient address has null MX",
    "556 domain does not accept mail",
    "550 sorry, no mailbox here by that name. (#5.1.1 - chkusr)",
    "550 User unknown",
    "550 No such user here",
    "550 Unrouteable address",
    "550 Requested action not taken: mailbox unavailable",
    "551 User not local; please try <z@y.example>",
    "552 Mailbox full",
    "553 Mailbox name invalid",
    "554 delivery error: dd This user doesn't have a y.example account (x@y.example)",
    "550 x",
    "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery",
    "452 4.2.2 Mailbox full",
    "450 4.2.0 Greylisted, see postgrey",
    "451 4.7.1 Greylisting in action, please come back later",
    "451 4.1.1 Mailbox lookup failed",
]
ABOUT_US = [
    "550 5.1.1 sender domain listed at Spamhaus",
    "550 5.1.0 Sender rejected: spam-sub-domain",
    "550 5.4.5 Daily user sending limit exceeded",
    "554 5.7.60 SMTP; Client does not have permissions to send as this sender",
    "554 5.7.1 <x@y.example>: Relay access denied",
    "550 5.7.1 Relaying denied. Proper authentication required.",
    "550 5.7.1 Unable to relay for x@y.example",
    "550 relay not permitted",
    "550 relaying mail to y.example is not allowed",
    "554 Message rejected: Email address is not verified. The identities failed the check in region EU-1",
    "550 The sending domain is not verified for this account",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname",
    "450 4.7.1 <host>: Helo command rejected: Host not found",
    "550 5.7.1 Our system has detected an unusual rate of mail from your address",
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    "550 5.7.1 Message rejected due to SPF fail",
    "550 5.7.26 This mail has been blocked because the sender is unauthenticated",
    "550 5.7.25 The IP address sending this message does not have a PTR record",
    "550 5.7.23 SPF validation failed",
    "550 5.7.606 Access denied, banned sending IP [192.0.2.1]",
    "554 5.7.57 Client not authenticated to send mail",
    "554 5.2.252 SendAsDenied; x@y.example not allowed to send as z@y.example",
    "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
    "550 5.1.8 Access denied, bad outbound sender",
    "553 5.1.7 The sender address is not valid",
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for recipients",
    "553 5.7.1 <a@b.example>: Sender address rejected: not owned by user c",
    "550 5.7.1 Sender address rejected: you are not allowed to send from this domain",
    "530 5.7.0 Must issue a STARTTLS command first",
    "530 5.7.57 Authentication required",
    "535 5.7.8 Authentication failed",
    "538 Encryption required for requested authentication mechanism",
    "521 This host does not accept mail",
    "421 4.7.0 Try again later, closing connection",
    "421 too many errors",
    "452 4.3.1 Insufficient system storage",
    "451 4.3.5 Server configuration error",
    "451 4.3.0 Error: queue file write error",
    "450 4.3.2 Service currently unavailable",
    "550 5.3.2 System not accepting network messages",
    "451 4.4.5 System congestion",
    "450 4.7.1 Error: too many mails from 192.0.2.1, rate limited",
    "451 4.7.500 Server busy. Please try again later",
    "550 Sending rate limit exceeded for this account",
    "550 Your daily sending quota is used up",
    "550 SMTP AUTH is required for message submission",
    "550 Sender verify failed",
    "550 rejected because 192.0.2.1 is in a black list at dnsbl.example",
    "503 Bad sequence of commands",
    "502 Command not implemented",
]
UNCLEAR = [
    "550 5.7.1 Message rejected",
    "554 5.7.1 Message rejected as spam by content filtering",
    "550 5.7.1 Access denied by policy",
    "550 5.7.129 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized to this recipient",
    "552 5.3.4 Message size exceeds fixed maximum message size",
    "550 5.4.1 Recipient address rejected: Access denied",
    "501 5.5.4 Invalid arguments",
    "554 5.6.0 Bad content",
    "550 Administrative prohibition",
    "550 Access denied",
    "550 blocked",
    "554 Transaction failed",
    "571 Delivery not authorized, message refused",
]


def about(answer: str, step: SmtpStep = "RCPT TO") -> str:
    return read_refusal(step, int(answer[:3]), answer[4:]).about


@pytest.mark.parametrize("answer", ABOUT_A_MAILBOX)
def test_these_are_about_the_mailbox(answer: str) -> None:
    assert about(answer) == "mailbox"


@pytest.mark.parametrize("answer", ABOUT_US)
def test_these_are_about_us_at_every_step(answer: str) -> None:
    for step in ("RCPT TO", "DATA", "the end of the mail"):
        assert about(answer, step) == "us"


@pytest.mark.parametrize("answer", UNCLEAR)
def test_these_may_be_about_us(answer: str) -> None:
    assert about(answer) == "unclear"


@pytest.mark.parametrize("answer", ["550 x", "552 too large", "554 not this one", "550 Not accepted"])
def test_an_answer_to_the_mail_itself_without_status_and_words_is_unclear(answer: str) -> None:
    assert about(answer, "the end of the mail") == "unclear"


@pytest.mark.parametrize("status", ["5.1.1", "5.2.2"])
def test_a_status_about_the_mailbox_counts_after_the_mail_too(status: str) -> None:
    assert about(f"550 {status} x", "the end of the mail") == "mailbox"


def test_every_line_of_an_answer_is_read() -> None:
    assert read_refusal("RCPT TO", 550, "Sorry\n5.1.1 there is nobody\n5.1.1 of that name").about == "mailbox"
    assert read_refusal("RCPT TO", 550, "5.7.1 Sorry\n5.7.1 Relaying is denied").about == "us"


def test_what_looks_like_a_status_and_is_an_address_is_none() -> None:
    assert read_refusal("RCPT TO", 550, "5.1.1.7 is on the blacklist") == read_refusal(
        "RCPT TO", 550, "it is on the blacklist"
    )


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ("550 5.7.1 Relaying denied", "AFTERWORD_SMTP_URL"),
        ("554 5.7.60 Client does not have permissions to send as this sender", "AFTERWORD_MAIL_FROM"),
        ("504 5.5.2 <localhost>: Helo command rejected", "AFTERWORD_SMTP_EHLO"),
        ("550 5.4.5 Daily user sending limit exceeded", "more than it allows"),
    ],
)
def test_what_is_about_us_comes_with_what_to_do(answer: str, advice: str) -> None:
    assert advice in read_refusal("RCPT TO", int(answer[:3]), answer[4:]).advice


@given(code=st.integers(400, 599), text=st.text(max_size=80))
def test_every_reply_is_read_and_none_of_its_text_is_shown(code: int, text: str) -> None:
    refusal = read_refusal("RCPT TO", code, text)
    assert refusal.about in {"mailbox", "us", "unclear"}
    assert refusal == read_refusal("RCPT TO", code, text)
    assert all(part.isdigit() for part in refusal.status.replace(".", " ").split())


ABOUT_THE_DESTINATION = [
    "450 4.4.1 <x@y.example>: Recipient address rejected: connect to mx.y.example[192.0.2.1]:25: Connection refused",
    "451 4.4.0 Temporary server error: y.example cannot be reached",
    "421 4.7.0 Too many mails to y.example, try again later",
    "452 4.3.1 Y.EXAMPLE: insufficient system storage",
    "450 4.1.2 y.example. has no answer from DNS",
]
NOT_ABOUT_IT = [
    ("450 4.2.1 <x@y.example>: busy", "mailbox"),
    ("451 4.7.1 greylisted by y.example", "mailbox"),
    ("421 4.7.0 Try again later, closing connection", "us"),
    ("451 4.3.0 any.example and y.example.net are away", "us"),
    ("550 5.7.1 relaying mail to y.example is not allowed", "us"),
    ("550 5.4.4 y.example: host not found", "mailbox"),
]


@pytest.mark.parametrize("answer", ABOUT_THE_DESTINATION)
def test_a_temporary_refusal_that_names_the_domain_is_about_the_destination(answer: str) -> None:
    refusal = read_refusal("RCPT TO", int(answer[:3]), answer[4:], "y.example")
    assert refusal.about == "destination"
    assert about(answer) != "destination"


@pytest.mark.parametrize(("answer", "cause"), NOT_ABOUT_IT)
def test_one_that_names_an_address_only_or_another_domain_or_is_permanent_is_not(
    answer: str, cause: str
) -> None:
    assert read_refusal("RCPT TO", int(answer[:3]), answer[4:], "y.example").about == cause

"""What providers send is taken only where it is theirs, and about a mail only by a reference of ours."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from support.bounces import (
    CERTIFICATE_URL,
    MAILGUN_KEY,
    TOPIC,
    a_mailgun_request,
    a_postmark_request,
    amazons_certificate,
    an_envelope,
    ses_bounce,
)

from services.dispatcher.bounces import mailgun, postmark, sns
from services.dispatcher.bounces.failures import BounceKind, ReportFinding
from services.dispatcher.bounces.records import Record, UnreadableEvent
from services.dispatcher.bounces.ses import read_ses
from shared.mail.references import MailReference, MailReferences
from shared.outbound.guarded_http import CannotFetch

REFERENCES = MailReferences("a secret of the tests")
MAIL = MailReference(UUID("01930f3e-0000-7000-8000-000000000001"))
MESSAGE_ID = REFERENCES.message_id(MAIL, "ask@shop.example")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MESSAGE = ses_bounce(MESSAGE_ID)


class Amazon:
    """Answers with the certificate, and remembers what it was asked."""

    def __init__(self, answer: bytes | None = None) -> None:
        self.asked: list[str] = []
        self._answer = answer if answer is not None else amazons_certificate(NOW)

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return self._answer


def envelope(**changes: str) -> sns.SnsMessage:
    return sns.read_envelope(json.dumps(an_envelope(MESSAGE, **changes)).encode())


class TestSns:
    @pytest.mark.parametrize("version", ["1", "2"])
    @pytest.mark.parametrize("changes", [{}, {"Subject": "Amazon SES Email Event Notification"}])
    async def test_takes_what_amazon_signed_and_fetches_each_certificate_once(
        self, version: str, changes: dict[str, str]
    ) -> None:
        amazon = Amazon()
        verifier = sns.SnsVerifier(amazon)
        for _ in range(2):
            await verifier.verify(envelope(version=version, **changes), {TOPIC}, NOW)
        assert amazon.asked == [CERTIFICATE_URL]

    @pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "Signature"])
    async def test_refuses_what_was_changed_since(self, name: str) -> None:
        given = an_envelope(MESSAGE)
        given[name] = given[name][:-2] + ("ab" if given[name][-2:] != "ab" else "cd")
        with pytest.raises(sns.ForgedMessage):
            await sns.SnsVerifier(Amazon()).verify(
                sns.read_envelope(json.dumps(given).encode()), {TOPIC}, NOW
            )

    @pytest.mark.parametrize("signature", ["é", "%%%", "QQ", "QQ==", ""])
    async def test_refuses_a_signature_that_is_none(self, signature: str) -> None:
        given = json.dumps({**an_envelope(MESSAGE), "Signature": signature}).encode()
        with pytest.raises(sns.ForgedMessage):
            await sns.SnsVerifier(Amazon()).verify(sns.read_envelope(given), {TOPIC}, NOW)

    @pytest.mark.parametrize(
        "url",
        [
            CERTIFICATE_URL.replace("https", "http"),
            CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.example"),
            CERTIFICATE_URL.replace("sns.eu-west-1", "evil"),
            CERTIFICATE_URL.replace("eu-west-1", "us-east-1"),
            CERTIFICATE_URL.replace("sns.eu", "user@sns.eu"),
            CERTIFICATE_URL.replace("amazonaws.com/", "amazonaws.com:8443/"),
            CERTIFICATE_URL.replace("amazonaws.com/", "amazonaws.com/bucket/"),
            f"https://evil.example/?{CERTIFICATE_URL}",
            "https://127.0.0.1/SimpleNotificationService-00000000000000000000000000000000.pem",
            "file:///etc/passwd",
            "https://[",
            "https://sns.eu-west-1.amazonaws.com\u2100/",
        ],
    )
    async def test_fetches_no_certificate_but_amazons_of_the_topics_region(self, url: str) -> None:
        amazon = Amazon()
        given = json.dumps({**an_envelope(MESSAGE), "SigningCertURL": url}).encode()
        with pytest.raises(sns.ForgedMessage):
            await sns.SnsVerifier(amazon).verify(sns.read_envelope(given), {TOPIC}, NOW)
        assert amazon.asked == []

    async def test_listens_to_the_topics_of_the_settings_alone(self) -> None:
        amazon = Amazon()
        other = envelope(TopicArn=TOPIC.replace("123456789012", "210987654321"))
        with pytest.raises(sns.ForgedMessage):
            await sns.SnsVerifier(amazon).verify(other, {TOPIC}, NOW)
        assert amazon.asked == []

    async def test_refuses_a_certificate_that_has_ended_and_one_that_is_none(self) -> None:
        with pytest.raises(sns.ForgedMessage):
            await sns.SnsVerifier(Amazon()).verify(envelope(), {TOPIC}, NOW + timedelta(days=2))
        with pytest.raises(CannotFetch):
            await sns.SnsVerifier(Amazon(b"no certificate")).verify(envelope(), {TOPIC}, NOW)

    @pytest.mark.parametrize(
        ("url", "confirms"),
        [
            (
                f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=1",
                True,
            ),
            (f"https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic&TopicArn={TOPIC}&Token=1", False),
            ("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=other&Token=1", False),
            (f"https://evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=1", False),
            (f"http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}", False),
            ("https://[", False),
        ],
    )
    async def test_confirms_a_subscription_at_amazon_alone(self, url: str, confirms: bool) -> None:
        amazon = Amazon()
        asked = envelope(Type="SubscriptionConfirmation", SubscribeURL=url, Token="1")
        verifier = sns.SnsVerifier(amazon)
        await verifier.verify(asked, {TOPIC}, NOW)
        if confirms:
            await verifier.confirm(asked)
            assert amazon.asked == [CERTIFICATE_URL, url]
            return
        with pytest.raises(sns.ForgedMessage):
            await verifier.confirm(asked)
        assert amazon.asked == [CERTIFICATE_URL]


A_RECIPIENT = {"emailAddress": "kim@customer.example"}


@pytest.mark.parametrize(
    ("bounce", "kind"),
    [
        ({}, "hard"),
        ({"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": [A_RECIPIENT]}, "soft"),
        ({"bounceType": "Transient", "bounceSubType": "ContentRejected", "bouncedRecipients": [A_RECIPIENT]}, "policy"),
        ({"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList", "bouncedRecipients": []}, "hard"),
        ({"bounceType": "Undetermined", "bouncedRecipients": [A_RECIPIENT]}, "soft"),
        ({"bouncedRecipients": [{**A_RECIPIENT, "action": "failed", "status": "5.7.1"}]}, "policy"),
    ],
)  # fmt: skip
def test_a_bounce_of_ses_is_read(bounce: dict[str, Any], kind: BounceKind) -> None:
    ((found, mail),) = read_ses(ses_bounce(MESSAGE_ID, **bounce), REFERENCES)
    assert (found.kind, mail) == (kind, MAIL)


def test_an_event_of_ses_names_the_mail_by_its_envelope_or_not_at_all() -> None:
    event = json.loads(ses_bounce("<other@shop.example>"))
    assert read_ses(json.dumps(event), REFERENCES)[0].mail is None
    event["mail"]["source"] = REFERENCES.bounce_address(MAIL, "bounces.shop.example")
    assert read_ses(json.dumps(event), REFERENCES)[0].mail == MAIL
    complaint = {"eventType": "Complaint", "complaint": {"complaintFeedbackType": "abuse"}}
    assert read_ses(json.dumps({**event, **complaint}), REFERENCES)[0].finding.kind == "complaint"
    assert read_ses(json.dumps({**event, "notificationType": "Delivery"}), REFERENCES)[0].finding.kind is None
    for damaged in ("", "[]", "{}", '{"mail": 1}', json.dumps({**event, "bounce": None})):
        with pytest.raises(UnreadableEvent):
            read_ses(damaged, REFERENCES)


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"authorization": "Basic " + base64.b64encode(b"postmark:the secret").decode()}, True),
        ({"authorization": "Basic " + base64.b64encode(b"postmark:another").decode()}, False),
        ({"authorization": "Basic " + base64.b64encode(b"the secret").decode()}, False),
        ({"authorization": "Basic %%%"}, False),
        ({"authorization": "Basic é"}, False),
        ({"authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}, False),
        ({"x-afterword-secret": "the secret"}, True),
        ({"x-afterword-secret": "ünknown"}, False),
        ({}, False),
    ],
)
def test_postmark_proves_itself_by_the_secret(headers: dict[str, str], passes: bool) -> None:
    assert postmark.is_authorized(headers, "the secret") == passes


@pytest.mark.parametrize(
    ("type_", "kind"),
    [("HardBounce", "hard"), ("SoftBounce", "soft"), ("Blocked", "policy"), ("SpamComplaint", "complaint"),
     ("Transient", None), ("AutoResponder", None)],
)  # fmt: skip
def test_a_request_of_postmark_is_read(type_: str, kind: BounceKind | None) -> None:
    body = json.dumps(a_postmark_request(REFERENCES.reference(MAIL), type_)).encode()
    assert postmark.read_postmark(body, REFERENCES) == [Record(ReportFinding(kind), MAIL)]


def test_other_requests_of_postmark_say_nothing() -> None:
    assert postmark.read_postmark(b'{"RecordType": "Open"}', REFERENCES) == []
    with pytest.raises(UnreadableEvent):
        postmark.read_postmark(b"{}", REFERENCES)


def of_mailgun(**event: Any) -> mailgun.MailgunRequest:
    return mailgun.read_request(json.dumps(a_mailgun_request(MESSAGE_ID, NOW, **event)).encode())


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({}, "hard"),
        ({"severity": "temporary"}, None),
        ({"event": "complained"}, "complaint"),
        ({"delivery-status": {"code": 552, "message": "mailbox full"}}, "soft"),
        ({"delivery-status": {"code": 498, "message": "Too old"}, "reason": "old"}, "soft"),
        ({"delivery-status": {"code": 605, "message": "Not delivering to previously bounced address"},
          "reason": "suppress-bounce"}, "hard"),
    ],
)  # fmt: skip
def test_a_request_of_mailgun_is_read(event: dict[str, Any], kind: BounceKind | None) -> None:
    ((found, mail),) = mailgun.read_mailgun(of_mailgun(**event), REFERENCES)
    assert (found.kind, mail) == (kind, MAIL)


def test_deliveries_of_mailgun_say_nothing() -> None:
    assert mailgun.read_mailgun(of_mailgun(event="delivered"), REFERENCES) == []


@pytest.mark.parametrize(
    ("key", "later", "passes"),
    [
        (MAILGUN_KEY, timedelta(), True),
        (MAILGUN_KEY, timedelta(hours=11), True),
        (MAILGUN_KEY, timedelta(hours=13), False),
        (MAILGUN_KEY, timedelta(minutes=-10), False),
        ("another key of mailgun", timedelta(), False),
    ],
)
def test_mailgun_proves_itself_by_a_signature_that_is_not_old(
    key: str, later: timedelta, passes: bool
) -> None:
    assert mailgun.is_signed(of_mailgun(key=key).signature, MAILGUN_KEY, NOW + later) == passes

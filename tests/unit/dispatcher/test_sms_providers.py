"""What each provider is sent, what its answers mean, and what of its requests to us is believed."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.settings import Settings
from services.dispatcher.sms.channel import SmsChannel
from services.dispatcher.sms.messages import TextMessage, TextReply, TextReport
from services.dispatcher.sms.providers import PROVIDERS, BadSignature, Provider, ProviderSettings, Webhook
from services.dispatcher.sms.providers.provider import instant_of
from shared.mail import Away, Blocked, Deferred, Delivered, Outcome, Rejected, Unknown

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STAMP = int(NOW.timestamp())
URL = "https://afterword.example/v1/texts"
REFERENCE = "01930000-0000-7000-8000-000000000000/1"
MESSAGE = TextMessage(to="+4520123456", sender="+4591234567", text="How did it go? €", reference=REFERENCE)


def a_provider(name: str, **changes: Any) -> Provider:
    settings = {
        "url": PROVIDERS[name].standard_url or "https://sms.example/send",
        "account": "AC1",
        "secret": "secret",
        "signing_secret": "signing" if name != "twilio" else "",
        "webhook_url": f"{URL}/{name}",
    }
    return PROVIDERS[name](ProviderSettings(**{**settings, **changes}))


def a_webhook(name: str, body: bytes = b"", query: str = "", **headers: str) -> Webhook:
    asked = [
        (key, value) for key, values in parse_qs(query, keep_blank_values=True).items() for value in values
    ]
    return Webhook(
        url=f"{URL}/{name}{'?' if query else ''}{query}",
        query=asked,
        headers={key.replace("_", "-"): value for key, value in headers.items()},
        body=body,
        at=NOW,
    )


def a_token(claims: dict[str, Any], secret: str = "signing", alg: str = "HS256") -> str:
    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    head = f"{part(json.dumps({'alg': alg}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{head}.{part(hmac.digest(secret.encode(), head.encode(), 'sha256'))}"


def sha256(content: bytes | str) -> str:
    return hashlib.sha256(content if isinstance(content, bytes) else content.encode()).hexdigest()


def signed_by_twilio(fields: dict[str, str], query: str = "", secret: str = "secret") -> Webhook:
    url = f"{URL}/twilio{'?' if query else ''}{query}"
    signed = url + "".join(f"{key}{value}" for key, value in sorted(fields.items()))
    digest = hmac.digest(secret.encode(), signed.encode(), hashlib.sha1)
    return a_webhook(
        "twilio", urlencode(fields).encode(), query, x_twilio_signature=base64.b64encode(digest).decode()
    )


def signed_by_messagebird(body: bytes = b"", query: str = "", **changes: Any) -> Webhook:
    url = f"{URL}/messagebird{'?' if query else ''}{query}"
    claims = {"iss": "MessageBird", "nbf": STAMP, "exp": STAMP + 60, "url_hash": sha256(url)}
    claims |= {"payload_hash": sha256(body)} if body else {}
    token = a_token({**claims, **changes})
    return a_webhook(
        "messagebird", body, query, messagebird_signature_jwt=token, content_type="application/json"
    )


def signed_by_vonage(secret: str = "signing", **fields: str) -> Webhook:
    sent = {"timestamp": str(STAMP), **{key.replace("_", "-"): value for key, value in fields.items()}}
    text = "".join(
        f"&{key}={value.replace('&', '_').replace('=', '_')}" for key, value in sorted(sent.items())
    )
    sent["sig"] = hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()
    return a_webhook("vonage", json.dumps(sent).encode(), content_type="application/json")


def test_twilio_gets_a_form_with_the_account_and_where_to_report() -> None:
    request = a_provider("twilio").request(MESSAGE)
    assert request.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"AC1:secret").decode()
    form = parse_qs(request.content.decode())
    assert (form["To"], form["From"], form["Body"]) == (["+4520123456"], ["+4591234567"], [MESSAGE.text])
    assert form["StatusCallback"] == [f"{URL}/twilio?{urlencode({'ref': REFERENCE})}"]


def test_messagebird_gets_json_with_a_reference() -> None:
    request = a_provider("messagebird").request(MESSAGE)
    assert request.url == "https://rest.messagebird.com/messages"
    assert request.headers["Authorization"] == "AccessKey secret"
    assert json.loads(request.content) == {
        "originator": "4591234567",
        "recipients": ["4520123456"],
        "body": MESSAGE.text,
        "datacoding": "auto",
        "reference": REFERENCE,
        "reportUrl": f"{URL}/messagebird",
    }


@pytest.mark.parametrize(("text", "kind"), [("How did it go?", "text"), ("Ça va être", "unicode")])
def test_vonage_gets_a_form_that_says_the_encoding(text: str, kind: str) -> None:
    message = TextMessage(to="+4520123456", sender="Havnbo", text=text, reference=REFERENCE)
    request = a_provider("vonage").request(message)
    assert request.url == "https://rest.nexmo.com/sms/json"
    form = {key: value for key, (value,) in parse_qs(request.content.decode()).items()}
    assert form == {
        "api_key": "AC1",
        "api_secret": "secret",
        "from": "Havnbo",
        "to": "4520123456",
        "text": text,
        "type": kind,
        "client-ref": REFERENCE,
        "callback": f"{URL}/vonage",
    }


@given(st.text(max_size=60))
def test_a_template_is_filled_in_one_pass_whatever_the_text_holds(text: str) -> None:
    template = '{"message": {"to": ["{to}"], "body": "{from}: {text}"}, "id": "{reference}", "n": 1}'
    message = TextMessage(to="+4520123456", sender="{text}", text=text, reference=REFERENCE)
    request = a_provider("generic", template=template, headers={"X-Api-Key": "k"}).request(message)
    assert json.loads(request.content) == {
        "message": {"to": ["+4520123456"], "body": "{text}: " + text},
        "id": REFERENCE,
        "n": 1,
    }
    assert (request.headers["X-Api-Key"], request.headers["Idempotency-Key"]) == ("k", REFERENCE)


@pytest.mark.parametrize(
    ("name", "status", "body", "expected"),
    [
        ("twilio", 201, {"sid": "SM1", "status": "queued"}, Delivered),
        ("twilio", 400, {"code": 21211}, Rejected),
        ("twilio", 400, {"code": 21610}, Rejected),
        ("twilio", 400, {"code": 30001}, Deferred),
        ("twilio", 400, {"code": 21408}, Blocked),
        ("twilio", 401, {"code": 20003}, Blocked),
        ("twilio", 429, {"code": 20429}, Away),
        ("twilio", 503, {}, Away),
        ("twilio", 500, {}, Unknown),
        ("messagebird", 201, {"id": "1"}, Delivered),
        ("messagebird", 401, {"errors": [{"code": 2}]}, Blocked),
        ("messagebird", 422, {"errors": [{"code": 10, "parameter": "recipients"}]}, Rejected),
        ("messagebird", 422, {"errors": [{"code": 25}]}, Away),
        ("messagebird", 422, {"errors": [{"code": 9, "parameter": "body"}]}, Blocked),
        ("messagebird", 422, ["no object"], Blocked),
        ("vonage", 200, {"messages": [{"status": "0"}]}, Delivered),
        ("vonage", 200, {"messages": [{"status": "0"}, {"status": "1"}]}, Delivered),
        ("vonage", 200, {"messages": [{"status": "7"}]}, Rejected),
        ("vonage", 200, {"messages": [{"status": "4"}]}, Blocked),
        ("vonage", 200, {"messages": [{"status": "1"}]}, Away),
        ("vonage", 200, {"messages": [{"status": "9"}]}, Away),
        ("vonage", 200, {"messages": [{"status": "5"}]}, Unknown),
        ("vonage", 200, {}, Unknown),
        ("vonage", 404, {}, Blocked),
        ("generic", 202, {}, Delivered),
        ("generic", 422, {}, Blocked),
        ("generic", 502, {}, Unknown),
    ],
)
def test_an_answer_is_sorted_by_what_it_is_about(
    name: str, status: int, body: Any, expected: type[Outcome]
) -> None:
    outcome = a_provider(name).outcome(status, json.dumps(body).encode())
    assert isinstance(outcome, expected)


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("vonage", 200, '{"messages": [{"status": %s}]}'),
        ("twilio", 400, '{"code": %s}'),
        ("messagebird", 422, '{"errors": [{"code": %s, "parameter": "recipient"}]}'),
    ],
)
def test_a_code_means_the_same_as_a_number_and_as_a_text(name: str, status: int, body: str) -> None:
    """Read as another one, what was taken would be sent twice."""
    codes = [0, 1, 2, 5, 6, 9, 10, 25, 30001, 20003, 21211, 21610, 99]
    kinds = set()
    for code in codes:
        found = [
            a_provider(name).outcome(status, (body % written).encode())
            for written in (f'"{code}"', f"{code}", f"{code}.0")
        ]
        assert found[0] == found[1] == found[2], code
        kinds.add(type(found[0]))
    assert len(kinds) > 2
    assert name != "vonage" or Delivered in kinds


def test_a_message_that_vonage_says_nothing_of_is_not_sent_again() -> None:
    messages: list[dict[str, Any]] = [{}, {"status": None}, {"status": True}, {"status": []}]
    for message in messages:
        body = json.dumps({"messages": [message, {"status": "6"}]}).encode()
        assert isinstance(a_provider("vonage").outcome(200, body), Unknown)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
@given(status=st.integers(100, 599), body=st.binary(max_size=40))
def test_no_answer_of_a_provider_raises(name: str, status: int, body: bytes) -> None:
    assert a_provider(name).outcome(status, body) is not None


OF_ANY_FORM = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["0", "1", 21211, 10, "recipient"]),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "errors", "messages", "status", "parameter"]), parts, max_size=4
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
@given(status=st.sampled_from([200, 201, 400, 422, 500]), body=OF_ANY_FORM)
def test_an_answer_whose_json_has_another_form_raises_nothing(name: str, status: int, body: Any) -> None:
    assert a_provider(name).outcome(status, json.dumps(body).encode()) is not None


DELIVERED = [TextReport(reference=REFERENCE, state="delivered")]
LOST = [TextReport(reference=REFERENCE, state="undeliverable", code="30003")]
STOP = [TextReply(number="+4520123456", text="STOP")]
JSON = "application/json"


@pytest.mark.parametrize(
    ("webhook", "expected"),
    [
        (signed_by_twilio({"MessageStatus": "delivered"}, urlencode({"ref": REFERENCE})), DELIVERED),
        (signed_by_twilio({"MessageStatus": "undelivered", "ErrorCode": "30003"}, f"ref={REFERENCE}"), LOST),
        (signed_by_twilio({"MessageStatus": "sent"}, f"ref={REFERENCE}"), []),
        (signed_by_twilio({"From": "+4520123456", "Body": "STOP"}), STOP),
        (signed_by_messagebird(query=urlencode({"reference": REFERENCE, "status": "delivered"})), DELIVERED),
        (
            signed_by_messagebird(
                query=urlencode(
                    {"reference": REFERENCE, "status": "delivery_failed", "statusErrorCode": "30003"}
                )
            ),
            LOST,
        ),
        (signed_by_messagebird(b'{"originator": "4520123456", "payload": "STOP"}'), STOP),
        (signed_by_vonage(client_ref=REFERENCE, status="delivered"), DELIVERED),
        (signed_by_vonage(client_ref=REFERENCE, status="failed", err_code="30003"), LOST),
        (signed_by_vonage(client_ref=REFERENCE, status="buffered"), []),
        (signed_by_vonage(msisdn="4520123456", text="STOP"), STOP),
        (
            a_webhook(
                "generic",
                json.dumps({"reference": REFERENCE, "status": "delivered"}).encode(),
                authorization="Bearer signing",
                content_type=JSON,
            ),
            DELIVERED,
        ),
        (
            a_webhook(
                "generic",
                b'{"from": "+4520123456", "text": "STOP"}',
                authorization="Bearer signing",
                content_type=JSON,
            ),
            STOP,
        ),
    ],
)
def test_a_signed_request_is_read(webhook: Webhook, expected: list[Any]) -> None:
    name = webhook.url.partition("?")[0].rpartition("/")[2]
    assert a_provider(name).read(webhook) == expected


SAID_AT = datetime(2026, 11, 20, 11, 59, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("webhook", "said_at"),
    [
        (signed_by_twilio({"From": "+4520123456", "Body": "7", "MessageSid": "SM1"}), None),
        (
            signed_by_messagebird(
                b'{"originator": "4520123456", "payload": "7", "id": "SM1",'
                b' "createdDatetime": "2026-11-20T12:59:01+01:00"}'
            ),
            SAID_AT,
        ),
        (
            signed_by_vonage(
                msisdn="4520123456", text="7", messageId="SM1", message_timestamp="2026-11-20 11:59:01"
            ),
            SAID_AT,
        ),
        (
            a_webhook(
                "generic",
                b'{"from": "+4520123456", "text": 7, "id": "SM1", "at": "2026-11-20T11:59:01Z"}',
                authorization="Bearer signing",
                content_type=JSON,
            ),
            SAID_AT,
        ),
    ],
)
def test_a_reply_has_its_id_and_where_the_provider_says_it_its_time(
    webhook: Webhook, said_at: datetime | None
) -> None:
    name = webhook.url.partition("?")[0].rpartition("/")[2]
    assert a_provider(name).read(webhook) == [
        TextReply(number="+4520123456", text="7", id="SM1", said_at=said_at)
    ]


@pytest.mark.parametrize(
    "text", ["", "yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "12"]
)
def test_a_time_that_cannot_be_read_is_none(text: str) -> None:
    assert instant_of(text) is None


def test_vonage_is_also_read_with_a_token() -> None:
    body = b'{"msisdn": "4520123456", "text": "STOP"}'
    token = a_token({"iat": STAMP, "payload_hash": sha256(body)})
    webhook = a_webhook("vonage", body, authorization=f"Bearer {token}", content_type=JSON)
    assert a_provider("vonage").read(webhook) == STOP


@pytest.mark.parametrize(
    "webhook",
    [
        signed_by_twilio({"From": "+4520123456", "Body": "STOP"}, secret="another"),
        a_webhook("twilio", b"From=%2B4520123456&Body=STOP"),
        signed_by_messagebird(b"{}", exp=STAMP - 3600),
        signed_by_messagebird(b"{}", url_hash=sha256("https://elsewhere.example")),
        signed_by_messagebird(b"{}", payload_hash=sha256(b"another")),
        signed_by_messagebird(b"{}", iss="Somebody"),
        a_webhook("messagebird", messagebird_signature_jwt="a.b"),
        a_webhook("messagebird", messagebird_signature_jwt=a_token({"iss": "MessageBird"}, alg="none")),
        signed_by_vonage(secret="another", msisdn="4520123456", text="STOP"),
        signed_by_vonage(timestamp=str(STAMP - 3600), msisdn="4520123456", text="STOP"),
        signed_by_vonage(timestamp="9" * 5000, msisdn="4520123456", text="STOP"),
        a_webhook("vonage", b'{"msisdn": "4520123456", "text": "STOP"}', content_type=JSON),
        a_webhook("generic", b'{"from": "+4520123456", "text": "STOP"}', authorization="Bearer é"),
        a_webhook("generic", b'{"from": "+4520123456", "text": "STOP"}'),
    ],
)
def test_what_is_not_signed_so_is_refused(webhook: Webhook) -> None:
    name = webhook.url.partition("?")[0].rpartition("/")[2]
    with pytest.raises(BadSignature):
        a_provider(name).read(webhook)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
@given(
    body=st.one_of(
        st.binary(max_size=60),
        st.dictionaries(st.text(max_size=5), st.text(max_size=5)).map(lambda sent: json.dumps(sent).encode()),
        st.just(b'{"text": "\\ud800", "sig": "\\ud800", "timestamp": "1"}'),
        st.just(b"a=1&" * 300),
    ),
    token=st.text(alphabet=st.characters(codec="latin-1"), max_size=30),
    kind=st.sampled_from([JSON, "application/x-www-form-urlencoded", ""]),
)
def test_whatever_a_stranger_sends_is_refused_as_not_signed(
    name: str, body: bytes, token: str, kind: str
) -> None:
    headers = {"authorization": f"Bearer {token}", "messagebird_signature_jwt": token}
    for sent in (headers, {**headers, "authorization": token}):
        with pytest.raises(BadSignature):
            a_provider(name).read(
                a_webhook(name, body, "a=%ff", content_type=kind, x_twilio_signature=token, **sent)
            )


OF_PROVIDERS = [
    signed_by_twilio({"MessageStatus": "delivered"}, urlencode({"ref": REFERENCE})),
    signed_by_twilio({"From": "+4520123456", "Body": "STOP"}),
    signed_by_messagebird(query=urlencode({"reference": REFERENCE, "status": "delivered"})),
    signed_by_messagebird(b'{"originator": "4520123456", "payload": "STOP"}'),
    signed_by_vonage(client_ref=REFERENCE, status="delivered"),
    signed_by_vonage(msisdn="4520123456", text="STOP"),
]
SIGNATURES = ("x-twilio-signature", "messagebird-signature-jwt")


def tampered(webhook: Webhook, part: str, place: int, character: str) -> Webhook:
    """The request with one character changed, in its body, its query, or the header that signs it."""
    name = webhook.url.partition("?")[0].rpartition("/")[2]
    body, query, headers = webhook.body.decode(), webhook.url.partition("?")[2], dict(webhook.headers)
    signing = next((each for each in SIGNATURES if each in headers), None)
    if part == "query" and query:
        query = _changed(query, place, character)
    elif part == "header" and signing is not None:
        headers[signing] = _changed(headers[signing], place, character)
    elif body:
        body = _changed(body, place, character)
    return a_webhook(name, body.encode(), query, **headers)


def _changed(text: str, place: int, character: str) -> str:
    place %= len(text)
    return text[:place] + character + text[place + 1 :]


@given(
    webhook=st.sampled_from(OF_PROVIDERS),
    part=st.sampled_from(["body", "query", "header"]),
    place=st.integers(0, 10_000),
    character=st.characters(min_codepoint=32, max_codepoint=126),
)
def test_a_signed_request_with_one_character_changed_says_nothing_else(
    webhook: Webhook, part: str, place: int, character: str
) -> None:
    name = webhook.url.partition("?")[0].rpartition("/")[2]
    provider = a_provider(name)
    try:
        said = provider.read(tampered(webhook, part, place, character))
    except BadSignature:
        return
    assert said in ([], provider.read(webhook))


async def send(answer: httpx.Response | Exception) -> Outcome:
    async def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    channel = SmsChannel(a_provider("twilio"), "dispatcher", httpx.MockTransport(handle))
    try:
        return await channel.send(MESSAGE)
    finally:
        await channel.close()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(201, json={}), Delivered),
        (httpx.ConnectError("refused"), Away),
        (httpx.ConnectTimeout("slow"), Away),
        (httpx.ReadTimeout("no answer"), Unknown),
        (httpx.ReadError("broke"), Unknown),
        (httpx.WriteError("broke"), Unknown),
        (httpx.RemoteProtocolError("closed"), Unknown),
        (httpx.Response(302, headers={"location": "http://127.0.0.1/"}), Blocked),
    ],
)
async def test_only_what_surely_has_not_left_is_tried_again(
    answer: httpx.Response | Exception, expected: type[Outcome]
) -> None:
    assert isinstance(await send(answer), expected)


async def test_without_a_provider_texts_wait_and_without_a_sender_they_fail() -> None:
    assert isinstance(await SmsChannel(None, "dispatcher").send(MESSAGE), Away)
    channel = SmsChannel(a_provider("twilio"), "dispatcher")
    nobody = TextMessage(to="+12125550123", sender=None, text="?", reference=REFERENCE)
    assert isinstance(await channel.send(nobody), Rejected)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        (
            {"sms_provider": "twilio", "sms_account": "AC1", "sms_secret": "s", "sms_number": "+4591234567"},
            "",
        ),
        (
            {"sms_provider": "twilio", "sms_secret": "s", "sms_number": "+4591234567"},
            "DISPATCHER_SMS_ACCOUNT",
        ),
        (
            {"sms_provider": "messagebird", "sms_secret": "s", "sms_name": "Hi"},
            "DISPATCHER_SMS_SIGNING_SECRET",
        ),
        (
            {"sms_provider": "twilio", "sms_account": "AC1", "sms_secret": "s"},
            "DISPATCHER_SMS_NUMBER",
        ),
        ({"sms_name": "Much too long"}, "string"),
        ({"sms_number": "91234567 89"}, "string"),
        ({"sms_template": '{"to": "{to}"}'}, "{text}"),
        ({"sms_headers": '{"X-Key": 1}'}, "JSON object"),
        ({}, ""),
    ],
)
def test_settings_say_what_a_provider_lacks(changes: dict[str, str], missing: str) -> None:
    given = {"database_url": "postgresql+asyncpg://a:b@127.0.0.1/a", **changes}
    if not missing:
        Settings.model_validate(given)
        return
    with pytest.raises(ValueError, match=missing.replace("{", r"\{")):
        Settings.model_validate(given)

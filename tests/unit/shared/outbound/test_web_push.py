"""Web push: the example of RFC 8291, the proof of RFC 8292, and what is no subscription."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey
from support.push_service import BrowserKeys

from shared.outbound.web_push import (
    CURVE,
    MAX_PAYLOAD_BYTES,
    BadSubscription,
    PushSubscription,
    Vapid,
    decoded,
    encoded,
    encrypt,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SUBSCRIPTION = PushSubscription(
    endpoint="https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
    p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth="BTBZMqHH6r4Tts7J_aSIgg",
)
"""Of RFC 8291, section 5 and appendix A, as all that follows."""
SENDER_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
    "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_standard_is_encrypted_byte_for_byte() -> None:
    key = ec.derive_private_key(int.from_bytes(decoded(SENDER_KEY)), CURVE)
    text = b"When I grow up, I want to be a watermelon"
    body = encrypt(SUBSCRIPTION, text, salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"), key=key)
    assert encoded(body) == BODY


@pytest.mark.parametrize("length", [0, 1, MAX_PAYLOAD_BYTES])
def test_a_browser_reads_what_was_encrypted_for_it(length: int) -> None:
    browser = BrowserKeys()
    body = encrypt(browser.subscription("https://push.example/1"), b"x" * length)
    assert len(body) <= 4096
    assert browser.decrypted(body) == b"x" * length


def test_each_message_has_a_new_key_and_salt() -> None:
    first, second = (encrypt(SUBSCRIPTION, b"again") for _ in range(2))
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


def test_more_than_one_record_is_refused() -> None:
    with pytest.raises(ValueError, match="more than a push message holds"):
        encrypt(SUBSCRIPTION, b"x" * (MAX_PAYLOAD_BYTES + 1))


def test_the_token_is_for_the_service_alone_and_verified_by_the_key_that_browsers_got() -> None:
    vapid = Vapid("s" * 40, "mailto:afterword@example.com")
    scheme, _, rest = vapid.authorization(f"{SUBSCRIPTION.endpoint}?a=b", NOW).partition(" ")
    facts = dict(each.strip().split("=", 1) for each in rest.split(","))
    assert (scheme, facts["k"]) == ("vapid", vapid.public_key)
    point = decoded(vapid.public_key)
    key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": encoded(point[1:33]), "y": encoded(point[33:])})
    claims = jwt.decode(facts["t"], key, algorithms=["ES256"]).claims
    assert claims["aud"] == "https://push.example.net"
    assert claims["sub"] == "mailto:afterword@example.com"
    assert timedelta() < datetime.fromtimestamp(claims["exp"], UTC) - NOW <= timedelta(hours=24)


def test_the_key_is_the_same_in_every_process_and_another_for_another_secret() -> None:
    keys = [Vapid(secret * 40, "mailto:a@example.com").public_key for secret in "ssr"]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "http://push.example.net/1"},
        {"endpoint": "https:///1"},
        {"endpoint": "https://push.example.net:25/1"},
        {"endpoint": "https://push.example.net:99999/1"},
        {"endpoint": "https://user:word@push.example.net/1"},
        {"endpoint": "https://push.example.net/" + "x" * 2_000},
        {"endpoint": "https://push.example.net/ø"},
        {"endpoint": "https://push.example.net/a b"},
        {"endpoint": "https://[push.example.net/1"},
        {"p256dh": "BCVx"},
        {"p256dh": encoded(b"\x04" + b"\x01" * 64)},
        {"p256dh": "not base64 at all!"},
        {"auth": "BTBZMqHH6r4Tts7J"},
        {"auth": ""},
    ],
)
def test_what_no_browser_gives_is_no_subscription(changed: dict[str, str]) -> None:
    assert SUBSCRIPTION.checked() == SUBSCRIPTION
    with pytest.raises(BadSubscription):
        replace(SUBSCRIPTION, **changed).checked()


def test_port_0_is_no_usual_port() -> None:
    ports = {"": True, ":443": True, ":0": False, ":99999": False}
    for port, usual in ports.items():
        assert replace(SUBSCRIPTION, endpoint=f"https://push.example{port}/1").has_usual_port() is usual

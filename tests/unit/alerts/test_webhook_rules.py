"""Webhooks without a server: signatures, the schedule of tries, addresses, and what is shown of answers."""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.alerts_builders import an_answer
from support.examples import examples

from services.alerts.errors import SettingRefused
from services.alerts.webhooks.contents import CONTENTS, answer_content, score_content
from services.alerts.webhooks.domain import (
    MESSAGE_TYPES,
    Fault,
    Posted,
    RetryPolicy,
    TryResult,
    WebhookEndpoint,
    after_try,
)
from services.alerts.webhooks.endpoints import checked_url, guard_of, is_of_internet
from services.alerts.webhooks.openapi import EXAMPLES
from services.alerts.webhooks.posting import BUSY, MAX_EXCERPT_CHARS, excerpt_of
from services.alerts.webhooks.signing import headers_of, keys_of, new_secret, sealed_secret, signature
from shared.events import Answer, Score, may_see
from shared.outbound.address_guard import AddressGuard

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
POLICY = RetryPolicy()
ROOT = "the secret of an installation"
PUBLIC, INNER = AddressGuard(), AddressGuard.of("127.0.0.0/8")


VECTORS = {
    "of the specification": (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    "beyond ASCII": (
        "whsec_QWZ0ZXJ3b3JkQWZ0ZXJ3b3JkQWZ0ZXJ3b3JkIQ==",
        "msg_1",
        1795323600,
        '{"comment":"Blåbærgrød 🫐"}'.encode(),
        "v1,el/f4OSzuKk0Vd5BNLVLnLj4uCNCXAPAz7ZLu5c34AA=",
    ),
    "of nothing": (
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "msg_2",
        0,
        b"",
        "v1,Z6MzZr62461yICb5OdkWQl99+FPYB5LC1ZCrW6NTUSM=",
    ),
}
"""The first stands in Standard Webhooks, the others are by its package for Python (1.1.0)."""


@pytest.mark.parametrize("vector", VECTORS)
def test_signatures_are_those_of_standard_webhooks(vector: str) -> None:
    secret, message_id, timestamp, body, expected = VECTORS[vector]
    assert signature([secret], message_id, timestamp, body) == expected


def test_a_message_carries_its_id_its_time_and_one_signature_for_each_secret() -> None:
    keys = [new_secret(), new_secret()]
    headers = headers_of(keys, "msg_1", NOW, b"{}")
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_1", str(int(NOW.timestamp())))
    assert headers["webhook-signature"].split(" ") == [
        signature([key], "msg_1", int(NOW.timestamp()), b"{}") for key in keys
    ]


def test_secrets_are_32_random_bytes_each() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(each.startswith("whsec_") and len(b64decode(each[6:])) == 32 for each in made)


def a_webhook(**changes: object) -> WebhookEndpoint:
    facts = {
        "tenant": "havnbo",
        "id": UUID(int=1),
        "name": "crm",
        "url": "https://hooks.example.com/",
        "state": "on",
        "types": ("answer.changed",),
        "sealed": sealed_secret(ROOT, "havnbo", UUID(int=1), "whsec_new"),
        "created_at": NOW,
        "changed_at": NOW,
    }
    return WebhookEndpoint(**{**facts, **changes})  # type: ignore[arg-type]


def test_during_a_rotation_both_secrets_sign_and_afterwards_the_new_one_alone() -> None:
    before = sealed_secret(ROOT, "havnbo", UUID(int=1), "whsec_old")
    webhook = a_webhook(sealed_before=before, before_until=NOW + timedelta(hours=1))
    assert keys_of(ROOT, webhook, NOW) == ["whsec_new", "whsec_old"]
    assert keys_of(ROOT, webhook, NOW + timedelta(hours=1)) == ["whsec_new"]


def a_failure(status: int | None = 500, retry_after: timedelta | None = None) -> Posted:
    fault: Fault = "timeout" if status is None else "gone" if status == 410 else "status"
    return Posted(status, fault, retry_after=retry_after if status in BUSY else None)


def test_the_whole_schedule_takes_three_days_and_then_a_message_is_given_up() -> None:
    at, waits = NOW, list[timedelta]()
    tries, result = 0, TryResult("waiting")
    for tries in range(len(POLICY.waits) + 1):
        result = after_try(
            POLICY, a_failure(), is_test=False, tries=tries, failing_since=None, now=at, jitter=0.0
        )
        if result.next_at is None:
            break
        waits.append(result.next_at - at)
        at = result.next_at
    assert waits == list(POLICY.waits)
    assert (tries, result.state) == (9, "failed")
    assert at - NOW == timedelta(hours=75, minutes=35, seconds=5)


@settings(max_examples=examples(100))
@given(
    status=st.one_of(st.none(), st.integers(100, 599)),
    tries=st.integers(0, len(POLICY.waits)),
    asked=st.one_of(st.none(), st.timedeltas(timedelta(), timedelta(days=400))),
    failing=st.one_of(st.none(), st.timedeltas(timedelta(), timedelta(days=9))),
    jitter=st.floats(0, 1),
)
def test_a_try_that_was_not_taken_is_repeated_no_earlier_than_its_schedule_and_than_asked(
    status: int | None, tries: int, asked: timedelta | None, failing: timedelta | None, jitter: float
) -> None:
    taken = status is not None and 200 <= status < 300
    posted = Posted(status, None) if taken else a_failure(status, retry_after=asked)
    since = None if failing is None else NOW - failing
    result = after_try(
        POLICY, posted, is_test=False, tries=tries, failing_since=since, now=NOW, jitter=jitter
    )
    if taken:
        assert result == ("sent", None, None)
        return
    assert result.switch_off == (
        "gone"
        if status == 410
        else "failing"
        if failing is not None and failing >= POLICY.off_after and tries >= 4
        else None
    )
    assert (result.state == "failed") == (tries == len(POLICY.waits))
    if result.next_at is not None:
        wait, own = result.next_at - NOW, POLICY.waits[tries]
        if asked is not None and status in BUSY:
            assert wait >= min(asked, POLICY.max_asked_wait)
            assert wait <= max(own * (1 + POLICY.max_jitter), POLICY.max_asked_wait)
        else:
            assert own <= wait <= own * (1 + POLICY.max_jitter)


def test_two_failures_five_days_apart_switch_no_webhook_off_and_the_fifth_try_does() -> None:
    since = NOW - timedelta(days=5)
    off = [
        after_try(
            POLICY, a_failure(), is_test=False, tries=tries, failing_since=since, now=NOW, jitter=0
        ).switch_off
        for tries in range(1, 6)
    ]
    assert off == [None, None, None, "failing", "failing"]


def test_a_test_message_is_tried_once_and_switches_nothing_off() -> None:
    result = after_try(POLICY, a_failure(410), is_test=True, tries=0, failing_since=NOW, now=NOW, jitter=0)
    assert result == ("failed", None, None)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://hooks.example.com:8080/",
        "ftp://hooks.example.com/",
        "https://user:password@hooks.example.com/",
        "https://user@hooks.example.com/",
        "https:///hooks",
        "hooks.example.com",
        "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[::1]/",
        "https://127.0.0.1/",
        "https://hooks example.com/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/" + "x" * 500,
        "https://\x00.example.com/",
    ],
)
def test_addresses_that_are_refused_when_they_are_given(url: str) -> None:
    with pytest.raises(SettingRefused):
        checked_url(PUBLIC, url)


def test_an_address_has_one_form_and_a_fragment_is_dropped() -> None:
    assert (
        checked_url(PUBLIC, " HTTPS://Hooks.Example.com/a?b=ø#c ") == "https://hooks.example.com/a?b=%C3%B8"
    )
    assert checked_url(PUBLIC, "https://bücher.example:8443") == "https://xn--bcher-kva.example:8443/"


def test_http_and_other_ports_lead_only_to_networks_that_the_operator_allows() -> None:
    url = checked_url(INNER, "http://127.0.0.1:9000/hook")
    assert not is_of_internet(url)
    guard = guard_of(INNER, url)
    assert guard.passes("127.0.0.1")
    assert not guard.passes("93.184.215.14")
    assert guard_of(INNER, "https://hooks.example.com/").passes("93.184.215.14")


def test_nothing_personal_of_an_answer_is_kept() -> None:
    body = b'{"data":{"customer_id":"c-17","comment":"The leg is \\"split\\".","score":4}}'
    assert excerpt_of(b"ok", body) == "ok"
    assert excerpt_of(b'{"got":"c-17"}', body) == ""
    assert excerpt_of(b'bad: ...e leg is "spl', body) == ""
    assert excerpt_of(b'{"got":"The leg is \\"split\\"."}', body) == ""
    assert excerpt_of(b"no customer karen@example.com, +45 12 34 56 78\x00\x1b[31m", body) == (
        "no customer … … [31m"
    )
    assert len(excerpt_of(b"word " * 500, body)) == MAX_EXCERPT_CHARS


def test_an_anonymous_answer_is_told_to_nobody_and_one_that_is_held_without_its_content() -> None:
    assert answer_content("havnbo", an_answer(anonymous=True)) is None
    told = answer_content("havnbo", an_answer())
    held = answer_content("havnbo", an_answer(state="clicked", score=None, comment=None))
    assert told is not None
    assert not told.follows
    assert held is not None
    assert held.follows
    assert b'"state":"held"' in held.body()


def test_no_message_about_an_answer_has_fields_by_which_a_customer_is_reached() -> None:
    known = {name for kind in CONTENTS.values() for name in kind.__struct_fields__}
    assert not known & {"email", "phone", "name", "contact_key", "person", "customer"}
    assert set(Answer.__struct_fields__) & known  # they are copied under their names


def test_a_webhook_for_a_level_of_the_organisation_is_told_the_scores_below_it() -> None:
    facts = {
        "measurement": "transactional",
        "version": 1,
        "window_days": 90,
        "until": NOW.date(),
        "counts": (),
    }
    facts |= {"n": 12, "nps": 1.0, "low": 0.0, "high": 2.0, "level": 0.95, "computed_at": NOW}
    below = score_content("havnbo", Score(segment="organisation:north/sales", **facts))  # type: ignore[arg-type]
    company = score_content("havnbo", Score(segment="", **facts))  # type: ignore[arg-type]
    assert may_see(["organisation:north"], below.segments or ())
    assert not may_see(["organisation:south"], below.segments or ())
    assert not may_see(["organisation:north"], company.segments or ())
    assert may_see([], company.segments or ())


@pytest.mark.parametrize("kind", MESSAGE_TYPES)
def test_each_type_has_an_example_of_all_its_fields(kind: str) -> None:
    assert set(EXAMPLES[kind]) == set(CONTENTS[kind].__struct_fields__)  # type: ignore[index]

"""What a check of a sender says of records, headers and addresses, and what of a sealed key is of use to whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from support.http_clients import afterword_settings

from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.senders.checker import SenderChecker
from services.dispatcher.senders.dns_checks import single_hosts, with_terms
from services.dispatcher.senders.domain import CompanySender, SenderKey, SenderRefused, states_of, used_of
from services.dispatcher.senders.findings import About, Finding, SenderCheck, Verdict
from services.dispatcher.senders.header_check import check_headers
from services.dispatcher.senders.reporting import lines_of
from services.dispatcher.senders.sender_addresses import checked_sender_address
from services.dispatcher.tenants import placeholder_tenant
from shared.mail import MailMessage
from shared.sealed import SealBroken, seal, unseal
from shared.values.dkim_keys import new_key
from shared.values.messages import message

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
KEY = new_key("s1")


def a_mail(**changes: Any) -> MailMessage:
    settings = {"mail_from": "ask@shop.example", "public_url": "https://ask.shop.example", **changes}
    afterword = afterword_settings("127.0.0.1:1", **{"dkim_keys": KEY.written(), **settings})
    checker = SenderChecker(afterword, SurveyMailRenderer(afterword, lambda: NOW), lambda: NOW)
    return checker.sample(checker.installation(), placeholder_tenant("havnbo"))


def said(mail: MailMessage) -> tuple[Verdict, str]:
    found = check_headers(mail)
    return found.verdict, str(found.said)


def test_a_mail_of_ours_has_the_header_that_providers_ask_for() -> None:
    verdict, text = said(a_mail())
    assert (verdict, "with the fields for unsubscribing" in text) == ("good", True)
    assert said(a_mail(dkim_keys=None))[0] == "warning"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"sender": "ask@other.example"}, "another domain than From"),
        ({"unsubscribe": None}, "no https://"),
        ({"unsubscribe": "http://ask.shop.example/u/1"}, "no https://"),
        ({"message_id": "<1@localhost>"}, "no full domain"),
        ({"recipient": "a@example.com\r\nTo: b@example.com", "subject": "x" * 10}, ""),
        ({"html": "<p>" + "long " * 30_000}, "cuts it off"),
    ],
)
def test_each_fault_of_a_header_is_named(changes: dict[str, Any], fault: str) -> None:
    verdict, text = said(replace(a_mail(), **changes))
    assert fault in text
    assert verdict == ("bad" if fault else "good")  # a line end in an address adds no field


def test_our_hosts_are_put_into_a_record_before_its_end_and_once() -> None:
    ours = "ip4:192.0.2.25 include:provider.example"
    for record, result in (
        (None, f"v=spf1 {ours} ~all"),
        ("v=spf1 -all", f"v=spf1 {ours} -all"),
        ("v=spf1 mx IP4:192.0.2.25 ~all", "v=spf1 mx IP4:192.0.2.25 include:provider.example ~all"),
        ("v=spf1 redirect=other.example", f"v=spf1 {ours} redirect=other.example"),
        ("v=spf1 mx", f"v=spf1 mx {ours}"),
    ):
        assert with_terms(record, ours) == result
    assert list(map(str, single_hosts("ip4:192.0.2.25 ip4:192.0.2.0/24 ip6:2001:db8::1 mx:a.example"))) == [
        "192.0.2.25",
        "2001:db8::1",
    ]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "shop.example",
        "a@shop",
        "a@shop.local",
        "a@shop.internal",
        "a b@shop.example",
        "ø@shop.example",
        "a@" + "b." * 130 + "example",
    ],
)
def test_an_address_that_mail_cannot_come_from_is_refused(address: str) -> None:
    with pytest.raises(SenderRefused):
        checked_sender_address(address)


def test_the_domain_of_a_sender_is_as_dns_has_it() -> None:
    assert checked_sender_address(" Ask@Blåbær.Example ") == "Ask@xn--blbr-roah.example"


def a_sender(n: int, *, passed: bool, seen: tuple[bool, ...]) -> CompanySender:
    keys = [
        SenderKey(selector=f"s{number}", sealed=b"", made_at=NOW, seen_at=NOW if each else None)
        for number, each in enumerate(seen)
    ]
    return CompanySender(
        tenant="havnbo",
        id=UUID(int=n),
        address=f"a{n}@shop.example",
        who="Sara",
        created_at=NOW - timedelta(days=n),
        passed_at=NOW if passed else None,
        keys=keys,
    )


def test_of_senders_the_newest_is_used_that_has_passed_and_whose_key_is_seen() -> None:
    waiting, lost = a_sender(1, passed=False, seen=(True,)), a_sender(2, passed=True, seen=(False,))
    used, spare = a_sender(3, passed=True, seen=(False, True)), a_sender(4, passed=True, seen=(True,))
    senders = [waiting, lost, used, spare]
    assert list(states_of(senders).values()) == ["waiting", "lost", "used", "spare"]
    assert used_of(senders, allowed=True) is used
    assert used_of(senders, allowed=False) is None
    assert list(states_of(senders, allowed=False).values()) == ["waiting", "lost", "spare", "spare"]
    assert used.signing is used.keys[1]


def a_check(seen: tuple[str, ...] = ("s1",), **verdicts: Verdict) -> SenderCheck:
    things: tuple[About, ...] = ("dkim", "dmarc", "spf")
    found = [
        Finding(about=each, verdict=verdicts.get(each, "good"), said=message("Said.")) for each in things
    ]
    return SenderCheck(findings=found, seen=seen)


def test_a_sender_passes_only_where_mail_leaves_aligned() -> None:
    assert a_check().passes
    assert a_check(dkim="warning", spf="unknown").passes
    for check in (
        a_check(dkim="bad"),
        a_check(dkim="unknown"),
        a_check(dmarc="bad"),
        a_check(dmarc="unknown"),
        a_check(spf="bad"),
        a_check(seen=()),
    ):
        assert not check.passes
    assert [a_check(dkim=each).worst for each in ("good", "unknown", "warning", "bad")] == [
        *("good", "unknown", "warning", "bad")
    ]


def test_what_others_wrote_cannot_steer_a_terminal() -> None:
    finding = Finding(
        about="dmarc", verdict="good", said=message("Said."), found=["v=DMARC1\x1b[2J\r\n; p=none"]
    )
    lines = list(lines_of("ask@shop.example", SenderCheck(findings=[finding])))
    assert lines[-1].strip() == "there is  v=DMARC1?[2J??; p=none"


def test_what_is_sealed_is_opened_by_the_same_secret_for_the_same_thing_alone() -> None:
    sealed = seal("s" * 40, "sender/havnbo/1", b"key")
    assert unseal("s" * 40, "sender/havnbo/1", sealed) == b"key"
    assert b"key" not in sealed
    assert seal("s" * 40, "sender/havnbo/1", b"key") != sealed
    for secret, about, text in (
        ("t" * 40, "sender/havnbo/1", sealed),
        ("s" * 40, "sender/another/1", sealed),
        ("s" * 40, "sender/havnbo/1", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        ("s" * 40, "sender/havnbo/1", b""),
    ):
        with pytest.raises(SealBroken):
            unseal(secret, about, text)

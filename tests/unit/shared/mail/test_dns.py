"""DNS is asked with bounds, and what comes back is read as it is or not at all."""

from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest
from support.dns import DnsServer, a_dns_server

from shared.mail import dns as mail_dns
from shared.mail.dkim_records import find_key
from shared.mail.dmarc import DmarcError, find_dmarc, is_aligned
from shared.mail.dns import MAX_QUESTIONS, Dns, DnsLook, DnsUnavailable
from shared.mail.installation import InstallationSender
from shared.mail.spf import SpfCheck, SpfError, expanded
from shared.values.dkim_keys import new_key

OURS, THEIRS, V6 = ip_address("192.0.2.25"), ip_address("198.51.100.7"), ip_address("2001:db8::25")
KEY, NEWER = new_key("s1"), new_key("s2")


@pytest.fixture
async def server() -> AsyncIterator[DnsServer]:
    async with a_dns_server() as server:
        yield server


@pytest.fixture
async def look(server: DnsServer) -> DnsLook:
    return Dns(server.address).look()


async def judged(look: DnsLook, address: object = OURS) -> str:
    return await SpfCheck(look).result(ip_address(str(address)), "shop.example", "ask@shop.example")


async def test_texts_of_several_parts_are_joined_also_where_they_come_by_tcp(
    server: DnsServer, look: DnsLook
) -> None:
    long = "v=spf1 " + " ".join(f"ip4:192.0.2.{n}" for n in range(120)) + " -all"
    server.add("shop.example", "TXT", long, "another")
    assert set(await look.texts("shop.example")) == {long, "another"}  # DNS has no order
    assert set(await look.texts("SHOP.example.")) == {long, "another"}
    assert server.asked == ["shop.example TXT"] * 2  # once by UDP, which is too small, and once by TCP


async def test_no_such_name_and_no_such_record_are_empty_and_no_answer_is_neither(
    server: DnsServer, look: DnsLook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_dns, "ANSWER_TIMEOUT_S", 0.4)
    server.add("shop.example", "A", "192.0.2.1")
    assert await look.texts("shop.example") == []
    assert await look.texts("no.example") == []
    assert await look.texts("label" * 20 + ".example") == []
    assert await look.texts("two..dots.example") == []
    server.broken.add("broken.example")
    server.silent.add("silent.example")
    for name in ("broken.example", "silent.example"):
        with pytest.raises(DnsUnavailable):
            await Dns(server.address).look().texts(name)


async def test_a_look_asks_only_so_much_for_only_so_long(
    server: DnsServer, look: DnsLook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(MAX_QUESTIONS):
        await look.texts(f"n{n}.example")
    with pytest.raises(DnsUnavailable, match="too many"):
        await look.texts("another.example")
    monkeypatch.setattr(mail_dns, "LOOK_TIMEOUT_S", 0.3)
    monkeypatch.setattr(mail_dns, "ANSWER_TIMEOUT_S", 600.0)
    server.silent.add("silent.example")
    with pytest.raises(DnsUnavailable):
        await Dns(server.address).look().texts("silent.example")


async def test_after_two_silences_a_look_asks_no_more(
    server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_dns, "ANSWER_TIMEOUT_S", 0.2)
    server.silent |= {f"n{n}.example" for n in range(5)}
    look = Dns(server.address).look()
    for n in range(5):
        with pytest.raises(DnsUnavailable):
            await look.texts(f"n{n}.example")
    assert {each.partition(" ")[0] for each in server.asked} == {"n0.example", "n1.example"}


async def test_a_huge_record_is_none(server: DnsServer, look: DnsLook) -> None:
    server.add("shop.example", "TXT", "v=spf1 " + "x" * 20_000)
    assert await look.texts("shop.example") == []


@pytest.mark.parametrize(
    ("record", "address", "result"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", OURS, "pass"),
        ("v=spf1 ip4:192.0.2.0/24 -all", THEIRS, "fail"),
        ("v=spf1 ip6:2001:db8::/32 ~all", V6, "pass"),
        ("v=spf1 ip6:2001:db8::/32 ~all", OURS, "softfail"),
        ("v=spf1 a:mail.example ?all", OURS, "pass"),
        ("v=spf1 a/24 -all", OURS, "pass"),
        ("v=spf1 a:mail.example//64 -all", V6, "pass"),
        ("v=spf1 mx -all", OURS, "pass"),
        ("v=spf1 include:provider.example -all", OURS, "pass"),
        ("v=spf1 include:provider.example -all", THEIRS, "fail"),
        ("v=spf1 include:provider.example", THEIRS, "neutral"),
        ("v=spf1 redirect=provider.example", OURS, "pass"),
        ("v=spf1 exists:%{ir}.%{v}.list.example -all", OURS, "pass"),
        ("v=spf1 -ip4:192.0.2.25 +all", OURS, "fail"),
        ("v=spf1 include:nowhere.example +all", OURS, "permerror"),
        ("v=spf1 include:shop.example +all", OURS, "permerror"),
        ("v=spf1 redirect=shop.example", OURS, "permerror"),
        ("v=spf1 ip4:192.0.2.300 -all", OURS, "permerror"),
        ("v=spf1 something -all", OURS, "permerror"),
        ("v=spf1 a:n1.example a:n2.example a:n3.example -all", OURS, "permerror"),
        ("v=spf10 +all", OURS, "none"),
    ],
)
async def test_spf_is_judged_as_the_standard_says(
    server: DnsServer, look: DnsLook, record: str, address: object, result: str
) -> None:
    server.add("shop.example", "TXT", record)
    server.add("shop.example", "A", "192.0.2.9")
    server.add("shop.example", "MX", "10 mail.example.")
    server.add("mail.example", "A", "192.0.2.25")
    server.add("mail.example", "AAAA", "2001:db8::1")
    server.add("provider.example", "TXT", "v=spf1 a:mail.example -all")
    server.add("25.2.0.192.in-addr.list.example", "A", "127.0.0.2")
    assert await judged(look, address) == result


async def test_a_bomb_of_includes_costs_ten_lookups(server: DnsServer, look: DnsLook) -> None:
    for n in range(40):
        includes = " ".join(f"include:n{each}.example" for each in range(n + 1, min(n + 4, 40)))
        server.add(f"n{n}.example", "TXT", f"v=spf1 {includes} -all")
    server.add("shop.example", "TXT", "v=spf1 include:n0.example -all")
    with pytest.raises(SpfError, match="more than ten"):
        await SpfCheck(look).follow("shop.example")
    assert len(server.asked) <= 12
    assert await judged(Dns(server.address).look()) == "permerror"


async def test_the_lookups_and_includes_of_a_record_are_counted(server: DnsServer, look: DnsLook) -> None:
    server.add("shop.example", "TXT", "v=spf1 a mx include:One.example ip4:192.0.2.1 ~all")
    server.add("one.example", "TXT", "v=spf1 include:two.example ~all")
    server.add("two.example", "TXT", "v=spf1 ip4:192.0.2.2 ~all")
    spf = SpfCheck(look)
    await spf.follow("shop.example")
    assert (spf.lookups, spf.includes) == (4, {"one.example", "two.example"})
    server.add("twice.example", "TXT", "v=spf1 ~all", "v=spf1 -all")
    with pytest.raises(SpfError, match="2 SPF records"):
        await spf.record("twice.example")


def test_macros_are_expanded_as_in_the_examples_of_the_standard() -> None:
    """RFC 7208, 7.4."""
    for text, result in (
        ("%{s}", "strong-bad@email.example.com"),
        ("%{d2}", "example.com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l-}", "strong.bad"),
        ("%{lr-}", "bad.strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%%%_%-", "% %20"),
    ):
        address = ip_address("192.0.2.3")
        assert expanded(text, address, "email.example.com", "strong-bad@email.example.com") == result
    assert expanded("%{ir}", V6, "a.example", "b@a.example") == (
        "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
    )


async def test_the_policy_of_a_domain_is_its_own_or_the_one_above(server: DnsServer, look: DnsLook) -> None:
    assert await find_dmarc(look, "ask.shop.example") is None
    server.add("_dmarc.shop.example", "TXT", "v=DMARC1; p=reject; sp=quarantine; adkim=s", "something else")
    look = Dns(server.address).look()
    above = await find_dmarc(look, "ask.shop.example")
    assert above is not None
    assert (above.domain, above.policy, above.strict_dkim) == ("shop.example", "quarantine", True)
    own = await find_dmarc(look, "shop.example")
    assert own is not None
    assert (own.policy, own.strict_spf) == ("reject", False)
    assert "_dmarc.example TXT" not in server.asked
    for text in ("v=DMARC1", "v=DMARC1; p=never"):
        server.add("_dmarc.bad.example", "TXT", text)
        with pytest.raises(DmarcError, match="no policy"):
            await find_dmarc(Dns(server.address).look(), "bad.example")


def test_domains_are_aligned_by_the_mode_of_the_policy() -> None:
    assert is_aligned("shop.example", "shop.example", "shop.example", strict=True)
    assert is_aligned("mail.shop.example", "shop.example", "shop.example", strict=False)
    assert not is_aligned("mail.shop.example", "shop.example", "shop.example", strict=True)
    assert not is_aligned("shop.example.evil.example", "shop.example", "shop.example", strict=False)


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        ([], "missing"),
        (["v=spf1 -all"], "missing"),
        ([KEY.record, KEY.record + ";"], "several"),
        (["v=DKIM1; k=rsa; p="], "revoked"),
        ([NEWER.record], "another"),
        ([KEY.record.replace("k=rsa", "k=ed25519")], "another"),
        ([f"{KEY.record}; h=sha1"], "not_for_mail"),
        ([f"{KEY.record}; s=tlsrpt"], "not_for_mail"),
        ([KEY.record], None),
        ([KEY.record.removeprefix("v=DKIM1; k=rsa; ")], None),
        ([f"{KEY.record}; h=sha1:sha256; s=email; t=s"], None),
    ],
)
async def test_the_record_of_a_key_is_told_from_others(
    server: DnsServer, look: DnsLook, texts: list[str], fault: str | None
) -> None:
    if texts:
        server.add("s1._domainkey.shop.example", "TXT", *texts)
    found = await find_key(look, "shop.example", KEY)
    assert (found.fault, found.is_tried) == (fault, False)


async def test_the_installation_signs_with_a_new_key_once_its_record_is_seen(server: DnsServer) -> None:
    sender, dns = InstallationSender("Ask@Shop.example", [KEY, NEWER]), Dns(server.address)
    assert sender.is_rotating

    async def signing() -> list[str]:
        await sender.look(dns)
        assert {each.domain for each in sender.keys} == {"shop.example"}
        return [each.key.selector for each in sender.keys]

    assert await signing() == ["s1"]
    server.add("s2._domainkey.shop.example", "TXT", NEWER.record)
    assert await signing() == ["s2"]
    server.broken.add("s2._domainkey.shop.example")
    assert await signing() == ["s2"]  # no answer proves nothing
    server.broken.clear()
    del server.records["s2._domainkey.shop.example TXT"]
    assert await signing() == ["s1"]


def test_port_0_of_a_name_server_is_not_the_usual_one() -> None:
    ports = [
        getattr(mail_dns._server(given), "port", None)
        for given in ("192.0.2.1", "192.0.2.1:0", "192.0.2.1:54")
    ]
    assert ports == [53, 0, 54]

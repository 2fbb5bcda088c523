"""Whatever address a company gives us, and however it is written, no machine of the inner network is connected to."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpcore
import pytest
from support.source_code import ROOT

from services.alerts.chats.addresses import checked_address
from services.alerts.chats.posting import post_chat
from services.alerts.errors import SettingRefused
from services.alerts.staff.provider_errors import ProviderFailed
from services.alerts.staff.provider_http import Metadata, ProviderHttp
from services.alerts.webhooks.endpoints import checked_url, guard_of
from services.alerts.webhooks.posting import post
from services.trigger.sources.checked_client import SourceClient
from services.trigger.sources.domain import Registry
from services.trigger.sources.registry import RegistryUnavailable, SchemaRegistry
from shared.clock import system_clock
from shared.mail import Deferred, Rejected
from shared.outbound.address_guard import AddressGuard
from shared.outbound.guarded_http import PUBLIC as PUBLIC_GUARD
from shared.outbound.guarded_http import CannotFetch, fetch_public
from shared.outbound.lanes import one_connection
from shared.outbound.push_channel import PushChannel
from shared.outbound.web_push import (
    AUTH_BYTES,
    BadSubscription,
    PushMessage,
    PushSubscription,
    Vapid,
    encoded,
)

PUBLIC = "93.184.215.14"
LITERALS = (
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001"),
    *("0.0.0.0", "0", "10.1.2.3", "172.31.255.255", "192.168.1.1", "100.64.0.1", "198.18.0.1", "240.0.0.1"),
    *("255.255.255.255", "224.0.0.1", "192.88.99.1"),
    # Metadata of clouds, under addresses of which some look public.
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "192.0.0.192", "168.63.129.16", "100.100.100.200"),
    *("[fd00:ec2::254]", "[fe80::a9fe:a9fe]"),
    *("[::]", "[::1]", "[fc00::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[3fff::1]", "[5f00::1]"),
    # IPv4 in IPv6: mapped, compatible, translated, NAT64 of the Internet and of a network, 6to4, Teredo, ISATAP.
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:a00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]"),
    *("[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a9fe:a9fe]", "[2002:7f00:1::]"),
    *("[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::]", "[2001:4860::5efe:7f00:1]"),
)  # fmt: skip
NAMES = {
    "localhost": "127.0.0.1",
    "localhost.": "127.0.0.1",
    "LOCALHOST": "::1",
    "sub.localhost": "127.0.0.1",
    "127.0.0.1.nip.example": "127.0.0.1",
    "metadata.internal.example": "169.254.169.254",
    "six.example": "::ffff:10.0.0.1",
}
"""Names, and what the resolver says of them."""
WRITTEN = (*LITERALS, *NAMES, "１２７.０.０.１", "①②⑦.⓪.⓪.①")

Door = Callable[[str], Awaitable[None]]
"""Lets us connect to a host as a company's setting does."""


async def by_webhook(host: str) -> None:
    """Saved or not, the message is sent nowhere."""
    url = f"https://{host}/hook"
    try:
        url = checked_url(AddressGuard(), url)
    except SettingRefused:
        if not url.isascii():  # it is saved as ASCII, or not at all
            return
    async with one_connection(guard_of(AddressGuard(), url)) as pool:
        posted = await post(pool, url, {}, b"{}", system_clock())
    assert posted.fault in {"address", "connection"}


async def by_chat(host: str) -> None:
    """Another host than its kind's is refused when it is saved; one of before is connected to as a webhook is."""
    url = f"https://{host}/services/T0/B0/word"
    with pytest.raises(SettingRefused):
        checked_address(AddressGuard(), "slack", url)
    if url.isascii():
        async with one_connection(guard_of(AddressGuard(), url)) as pool:
            answer = await post_chat(pool, url, b"{}", system_clock())
        assert answer.fault in {"address", "connection"}


def by_provider(which: str) -> Door:
    async def ask(host: str) -> None:
        http, url = ProviderHttp(AddressGuard()), f"https://{host}/there"
        metadata = Metadata(url, url, url, url, url)
        asked: dict[str, Callable[[], Awaitable[Any]]] = {
            "issuer": lambda: http.metadata(url),
            "keys": lambda: http.keys(metadata),
            "token": lambda: http.token(metadata, "client", "secret", {}),
            "userinfo": lambda: http.userinfo(metadata, "token"),
        }
        with pytest.raises(ProviderFailed):
            await asked[which]()

    return ask


async def by_registry(host: str) -> None:
    registry = SchemaRegistry(Registry(url=f"http://{host}:8081"), "", "avro", AddressGuard())
    with pytest.raises((RegistryUnavailable, OSError)):
        await registry.prepare([b"\0\0\0\0\1value"])


async def by_broker(host: str) -> None:
    client = SourceClient(AddressGuard(), lambda _: True, bootstrap_servers="127.0.0.1:1")
    with pytest.raises(OSError):  # noqa: PT011  (refused, unknown and unreachable are all of them)
        await client.connect(host.strip("[]"), 9092, {})


async def by_push_service(host: str) -> None:
    """A browser's subscription names the service."""
    vapid = Vapid("a secret of forty characters and some more", "mailto:ask@example.com")
    subscription = PushSubscription(
        endpoint=f"https://{host}/push", p256dh=vapid.public_key, auth=encoded(b"a" * AUTH_BYTES)
    )
    if not host.isascii():
        with pytest.raises(BadSubscription):
            subscription.checked()
        return
    pool = one_connection(PUBLIC_GUARD)
    channel = PushChannel(pool, vapid, system_clock)
    message = PushMessage(
        subscription=subscription.checked(), payload=b"{}", topic="topic", urgency="normal", ttl_s=60
    )
    outcome = await channel.send(message)
    await pool.aclose()
    assert isinstance(outcome, Rejected | Deferred)


async def by_certificate(host: str) -> None:
    with pytest.raises(CannotFetch):
        await fetch_public(f"https://{host}/one.pem", most_bytes=10)


DOORS: dict[str, Door] = {
    "a webhook": by_webhook,
    "a chat channel": by_chat,
    "a push service": by_push_service,
    **{f"a provider's {which}": by_provider(which) for which in ("issuer", "keys", "token", "userinfo")},
    "a schema registry": by_registry,
    "a Kafka broker": by_broker,
    "a certificate of a notification": by_certificate,
}
MODULES_OF_COMPANIES = {
    "shared/outbound/lanes.py",
    "services/alerts/staff/provider_http.py",
    "services/trigger/sources/checked_client.py",
    "services/trigger/sources/registry.py",
    "services/dispatcher/bounces/sns.py",
}
"""Where these connect."""
MODULES_OF_OPERATORS = {
    "shared/outbound/guarded_http.py",
    "services/dispatcher/sms/channel.py",
    "services/scorer/themes/model_client.py",
    "shared/privacy/service_client.py",
}
"""The guarded client itself, and where settings of the installation say whom we connect to."""
CLIENTS = re.compile(
    r"(?<!def )\b(AsyncClient|Client|guarded_client|guarded_pool|fetch_public|urlopen|AsyncConnectionPool|"
    r"open_connection|create_connection)\("
)


@pytest.fixture
async def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was connected to. Names resolve as above, the other ones first to a public address and then inwards."""
    found: list[str] = []
    system = socket.getaddrinfo
    asked: set[str] = set()

    def getaddrinfo(host: Any, port: Any, *given: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name in NAMES or name.lower() in NAMES:
            address = NAMES.get(name) or NAMES[name.lower()]
        elif name.endswith("rebinding.example"):
            address = "127.0.0.1" if name in asked else PUBLIC
            asked.add(name)
        else:
            flags = socket.AI_NUMERICHOST
            return system(host, port, type=socket.SOCK_STREAM, flags=flags)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    async def connect_tcp(_: Any, host: str, *given: Any, **named: Any) -> Any:
        found.append(host)
        raise httpcore.ConnectError(host)

    async def create_connection(_factory: Any, host: str, *given: Any, **named: Any) -> Any:
        found.append(host)
        raise ConnectionRefusedError(host)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)
    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", create_connection)
    return found


@pytest.mark.parametrize("door", DOORS)
async def test_b33_no_inner_address_is_connected_to_however_it_is_written(
    door: str, reached: list[str]
) -> None:
    for written in WRITTEN:
        await DOORS[door](written)
        assert reached == [], written


@pytest.mark.parametrize("door", DOORS)
async def test_b33_a_name_that_leads_inwards_at_its_second_answer_is_not_followed_there(
    door: str, reached: list[str]
) -> None:
    host = "rebinding.example"
    await DOORS[door](host)
    assert reached == [PUBLIC], (
        "the door was open: the address that was checked is the one that is connected to"
    )
    await DOORS[door](host)
    assert reached == [PUBLIC]


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com@127.0.0.1/",
        "https://127.0.0.1\\@hooks.example.com/",
        "https://user:word@hooks.example.com/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "http://hooks.example.com/",
        "gopher://hooks.example.com/",
        "file:///etc/passwd",
        "https://[::1%25eth0]/",
        "https://hooks.example.com\r\nHost: 127.0.0.1/",
    ],
)
def test_b33_an_address_with_more_in_it_than_host_and_path_is_refused_when_it_is_given(url: str) -> None:
    with pytest.raises(SettingRefused):
        checked_url(AddressGuard(), url)


def test_b33_every_module_that_connects_to_what_companies_name_is_tried_above() -> None:
    """Whoever makes a client opens one of the doors above, or names a server of the operator's."""
    connecting = {
        str(path.relative_to(ROOT))
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*.py")
        if CLIENTS.search(path.read_text())
    }
    assert connecting == {*MODULES_OF_COMPANIES, *MODULES_OF_OPERATORS}

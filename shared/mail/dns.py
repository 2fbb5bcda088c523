"""Questions to DNS about mail: bounded in number, time and size, whatever answers come back.

Nothing is ever connected to because an answer names it. A name that does not exist and one without such
records are both an empty answer; a server that gives none is :class:`DnsUnavailable`, which proves nothing.
"""

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

import dns.exception
import dns.name
import dns.resolver
from dns.asyncresolver import Resolver
from dns.rdatatype import RdataType
from dns.reversename import from_address

DNS_PORT = 53
ANSWER_TIMEOUT_S = 3.0
"""For one question, all servers and tries together."""
MAX_QUESTIONS = 60
"""In one look: SPF alone may take ten, and each of its mail servers one more."""
LOOK_TIMEOUT_S = 12.0
"""For all questions of one look together."""
MAX_SILENCES = 2
"""Questions without any answer, after which a look asks no more: the server is away, or keeps us waiting."""
MAX_RECORDS = 60
"""Of one answer; a name with more has the others left out."""
MAX_TEXT_BYTES = 4_096
"""Of one TXT record; one that is longer is none of those that are about mail."""

IpAddress = IPv4Address | IPv6Address


class DnsUnavailable(Exception):
    """DNS gave no answer, or has been asked as much as it may be; the message says which."""


class Dns:
    """Where DNS is asked."""

    def __init__(self, servers: str | None = None) -> None:
        """:param servers: addresses, with a port if it is not 53, separated by commas; None: the system's."""
        self._servers = servers

    def look(self) -> "DnsLook":
        """Begin a look, in which no question is asked twice."""
        return DnsLook(self._resolver())

    def _resolver(self) -> Resolver | None:
        if self._servers is None:
            try:
                resolver = Resolver()
            except dns.resolver.NoResolverConfiguration:
                return None
        else:
            resolver = Resolver(configure=False)
            resolver.nameservers = [_server(each) for each in self._servers.split(",")]
        resolver.timeout = ANSWER_TIMEOUT_S / 2
        resolver.lifetime = ANSWER_TIMEOUT_S
        return resolver


class DnsLook:
    """Questions that belong together, such as all about one sender."""

    def __init__(self, resolver: Resolver | None) -> None:
        self._resolver = resolver
        self._answers: dict[tuple[str, RdataType], list[str]] = {}
        self._asked = 0
        self._silences = 0
        self._until = asyncio.get_running_loop().time() + LOOK_TIMEOUT_S

    async def texts(self, name: str) -> list[str]:
        """The TXT records of a name, the strings of each joined (RFC 7208, 3.3).

        :raises DnsUnavailable: when there is no answer.
        """
        return await self._ask(name, RdataType.TXT)

    async def addresses(self, name: str, *, v6: bool) -> list[IpAddress]:
        """The addresses of a name, of one kind."""
        return [ip_address(each) for each in await self._ask(name, RdataType.AAAA if v6 else RdataType.A)]

    async def mail_servers(self, name: str) -> list[str]:
        """The names of a domain's mail servers."""
        return await self._ask(name, RdataType.MX)

    async def names_of(self, address: IpAddress) -> list[str]:
        """The names that an address says it has (PTR)."""
        return await self._ask(from_address(str(address)).to_text(), RdataType.PTR)

    async def _ask(self, name: str, kind: RdataType) -> list[str]:
        asked = (name.rstrip(".").lower(), kind)
        if asked not in self._answers:
            self._answers[asked] = await self._answer(*asked)
        return self._answers[asked]

    async def _answer(self, name: str, kind: RdataType) -> list[str]:
        if self._resolver is None:
            raise DnsUnavailable("this machine names no DNS server")
        if self._asked >= MAX_QUESTIONS:
            raise DnsUnavailable("too many questions")
        if self._silences >= MAX_SILENCES:
            raise DnsUnavailable("it does not answer")
        self._asked += 1
        left = self._until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(left, 0)):
                answer = await self._resolver.resolve(name, kind, search=False, raise_on_no_answer=False)
        except (dns.resolver.NXDOMAIN, dns.name.EmptyLabel, dns.name.LabelTooLong, dns.name.NameTooLong):
            return []  # no such name, or none that can be
        except (dns.exception.DNSException, OSError, TimeoutError) as error:
            self._silences += isinstance(error, dns.exception.Timeout | TimeoutError)
            raise DnsUnavailable(f"no answer about {name} ({type(error).__name__})") from None
        records = [_text(record) for record in list(answer.rrset or ())[:MAX_RECORDS]]
        return [each for each in records if each is not None]


def _text(record: object) -> str | None:
    """A record as we read it: characters outside ASCII become question marks."""
    strings: Sequence[bytes] | None = getattr(record, "strings", None)
    if strings is not None:
        text = b"".join(strings)
        return None if len(text) > MAX_TEXT_BYTES else text.decode("ascii", "replace").replace("\ufffd", "?")
    target = getattr(record, "exchange", None) or getattr(record, "target", None)
    if isinstance(target, dns.name.Name):
        return target.to_text(omit_final_dot=True).lower()
    return str(record)


def _server(given: str) -> str | dns.nameserver.Nameserver:
    parts = urlsplit(f"//{given.strip()}")
    port = DNS_PORT if parts.port is None else parts.port
    return dns.nameserver.Do53Nameserver(parts.hostname or "", port)

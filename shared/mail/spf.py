"""SPF (RFC 7208): which hosts may send for a domain.

The result for an address is that of ``check_host()``. Records of others are hostile: the standard's limits on
lookups (4.6.4) end loops and bombs.
"""

import re
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Literal

from shared.mail.dns import DnsLook, IpAddress

SpfResult = Literal["none", "neutral", "pass", "fail", "softfail", "permerror"]
MAX_LOOKUPS = 10
MAX_VOID_LOOKUPS = 2
MAX_HOSTS = 10
"""Of one ``mx``: a domain with more makes the record wrong."""
_BY_SIGN: dict[str, SpfResult] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM = re.compile(
    r"(?P<sign>[-+~?]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)"
    r"(?::(?P<value>[^\s/]+))?(?P<lengths>(?:/\d+)?(?://\d+)?)",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9._-]*)=(?P<value>\S*)", re.IGNORECASE)
_MACRO = re.compile(
    r"%(?:\{(?P<letter>[slodiphv])(?P<keep>\d*)(?P<reverse>r?)(?P<split>[.\-+,/_=]*)\}|[%_-])",
    re.IGNORECASE,
)
_RECORD = re.compile(r"v=spf1(\s|$)", re.IGNORECASE)
_NETWORK_TERMS = ("ip4", "ip6")


class SpfError(Exception):
    """The record cannot be followed (``permerror``); the message says why."""


@dataclass
class SpfCheck:
    """What a domain's record says, followed as far as it goes."""

    look: DnsLook
    lookups: int = 0
    voids: int = 0
    includes: set[str] = field(default_factory=set)
    """The domains whose records it includes."""

    async def record(self, domain: str) -> str | None:
        """The domain's record; None if it has none.

        :raises SpfError: when it has several.
        :raises DnsUnavailable: when DNS gives no answer.
        """
        found = [each for each in await self.look.texts(domain) if _RECORD.match(each)]
        if len(found) > 1:
            raise SpfError(f"{domain} has {len(found)} SPF records")
        return found[0] if found else None

    async def result(self, address: IpAddress, domain: str, sender: str) -> SpfResult:
        """Whether this host may send mails whose envelope has this sender.

        :raises DnsUnavailable: when DNS gives no answer.
        """
        try:
            return await self._judge(address, domain, sender)
        except SpfError:
            return "permerror"

    async def follow(self, domain: str) -> None:
        """Go through the record and all that it includes, and count the lookups that it may take.

        :raises SpfError: when it cannot be followed.
        :raises DnsUnavailable: when DNS gives no answer.
        """
        record = await self.record(domain)
        if record is None:
            raise SpfError(f"{domain} has no SPF record")
        terms, redirect = _terms(record)
        for term in terms:
            name, value = term["name"].lower(), term["value"]
            if name in {"include", "a", "mx", "ptr", "exists"}:
                self._count()
            if name == "include" and value and "%" not in value:
                self.includes.add(value.lower().rstrip("."))
                await self.follow(value)
        if redirect is not None and "%" not in redirect and not _has_all(terms):
            self._count()
            await self.follow(redirect)

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise SpfError("its record takes more than ten lookups")

    def _count_void(self, answer: list[IpAddress] | list[str]) -> None:
        self.voids += not answer
        if self.voids > MAX_VOID_LOOKUPS:
            raise SpfError("its record names more than two hosts that do not exist")

    async def _judge(self, address: IpAddress, domain: str, sender: str) -> SpfResult:
        record = await self.record(domain)
        if record is None:
            return "none"
        terms, redirect = _terms(record)
        for term in terms:
            if await self._matches(term, address, domain, sender):
                return _BY_SIGN[term["sign"] or "+"]
        if redirect is None:
            return "neutral"
        self._count()
        found = await self._judge(address, expanded(redirect, address, domain, sender), sender)
        if found == "none":
            raise SpfError("it redirects to a domain without SPF")
        return found

    async def _matches(self, term: re.Match[str], address: IpAddress, domain: str, sender: str) -> bool:
        name = term["name"].lower()
        if name == "all":
            return True
        if name in _NETWORK_TERMS:
            return _in_network(term, address)
        self._count()
        value = expanded(term["value"], address, domain, sender) if term["value"] else domain
        if name == "include":
            included = await self._judge(address, value, sender)
            if included == "none":
                raise SpfError(f"it includes {value}, which has no SPF record")
            return included == "pass"
        if name == "exists":
            found = await self.look.addresses(value, v6=False)
            self._count_void(found)
            return bool(found)
        if name == "ptr":
            return False  # "SHOULD NOT be published" (5.5): nobody can rely on it
        hosts = [value] if name == "a" else await self.look.mail_servers(value)
        if len(hosts) > MAX_HOSTS:
            raise SpfError(f"{value} has more than ten mail servers")
        if name == "mx":
            self._count_void(hosts)
        return await self._is_one_of(hosts, address, term["lengths"])

    async def _is_one_of(self, hosts: list[str], address: IpAddress, lengths: str) -> bool:
        v6 = address.version == 6  # noqa: PLR2004  (IPv6)
        length = _length(lengths, v6=v6)
        for host in hosts:
            found = await self.look.addresses(host, v6=v6)
            if len(hosts) == 1:
                self._count_void(found)
            if any(address in ip_network(f"{each}/{length}", strict=False) for each in found):
                return True
        return False


def _terms(record: str) -> tuple[list[re.Match[str]], str | None]:
    """The mechanisms of a record in their order, and where it redirects to.

    :raises SpfError: when there is something else in it.
    """
    terms: list[re.Match[str]] = []
    redirect: str | None = None
    for word in record.split()[1:]:
        if term := _TERM.fullmatch(word):
            if (term["name"].lower() in {"include", "exists", *_NETWORK_TERMS}) and not term["value"]:
                raise SpfError(f"“{word[:60]}” names nothing")
            terms.append(term)
        elif modifier := _MODIFIER.fullmatch(word):
            redirect = modifier["value"] if modifier["name"].lower() == "redirect" else redirect
        else:
            raise SpfError(f"“{word[:60]}” is no part of SPF")
    return terms, redirect


def _has_all(terms: list[re.Match[str]]) -> bool:
    return any(term["name"].lower() == "all" for term in terms)


def _in_network(term: re.Match[str], address: IpAddress) -> bool:
    try:
        network = ip_network(f"{term['value']}{term['lengths']}", strict=False)
    except ValueError:
        raise SpfError(f"“{term[0][:60]}” is no network") from None
    return address in network


def _length(lengths: str, *, v6: bool) -> int:
    """The prefix of ``a/24//64`` that counts for this kind of address."""
    v4_part, _, v6_part = lengths.partition("//")
    given = v6_part if v6 else v4_part.removeprefix("/")
    most = 128 if v6 else 32
    if given and int(given) > most:
        raise SpfError(f"/{given} is no length")
    return int(given) if given else most


def expanded(text: str, address: IpAddress, domain: str, sender: str) -> str:
    """A name with its macros replaced (RFC 7208, 7)."""
    local, _, sender_domain = sender.rpartition("@")
    dotted = ".".join(address.exploded.replace(":", "")) if address.version == 6 else str(address)  # noqa: PLR2004
    values = {
        "s": sender,
        "l": local,
        "o": sender_domain,
        "d": domain,
        "i": dotted,
        "h": domain,
        "p": "unknown",
        "v": "ip6" if address.version == 6 else "in-addr",  # noqa: PLR2004
    }

    def replaced(macro: re.Match[str]) -> str:
        if macro["letter"] is None:
            return {"%": "%", "_": " ", "-": "%20"}[macro[0][1]]
        parts = re.split(f"[{re.escape(macro['split'] or '.')}]", values[macro["letter"].lower()])
        parts = parts[::-1] if macro["reverse"] else parts
        return ".".join(parts[-int(macro["keep"]) :] if macro["keep"] else parts)

    return _MACRO.sub(replaced, text)

"""Which machines a company's own settings may make us connect to: none of the inner network.

A name is resolved here, every address of it is checked, and the connection is made to a checked address: a
name that is resolved once more could lead elsewhere.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from shared.outbound.lookups import LOOKUPS
from shared.settings import Network, networks_of

RESOLVE_TIMEOUT_S = 5.0
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of the public Internet over IPv6; what lies beside it is local, or leads to IPv4 in some network."""
_ISATAP = {0x0000_5EFE, 0x0200_5EFE}
"""The middle of an address whose last four bytes are an IPv4 address that it is a tunnel to."""
_NEVER_PUBLIC: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # of protocols, and the metadata of a cloud
            "192.88.99.0/24",  # relays of tunnels
            "168.63.129.16/32",  # the machine beside each one of a cloud, under an address that looks public
            "3fff::/20",  # of documentation
        ),
    )
)


class AddressRefused(OSError):
    """The machine lies in a network that no company may name."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} lies in a network that is not public")
        self.host = host


@dataclass(frozen=True)
class AddressGuard:
    """Lets connections to public addresses pass, and to the networks that the operator allows."""

    allowed: Sequence[Network] = ()
    public: bool = True
    """Whether public addresses pass: not where only what the operator allows may be reached."""

    @classmethod
    def of(cls, networks: str | None) -> "AddressGuard":
        """:param networks: the value of ``AFTERWORD_OUTBOUND_NETWORKS``."""
        return cls(networks_of(networks or ""))

    def passes(self, address: str) -> bool:
        """Whether this IP address may be connected to."""
        found = ip_address(address.partition("%")[0])
        reached = _reached(found)
        return all((self.public and _is_public(each)) or self._is_allowed(each) for each in {found, reached})

    def _is_allowed(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address.version == each.version and address in each for each in self.allowed)

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, each of which may be connected to.

        :raises AddressRefused: when one of them may not.
        :raises OSError: when the name is not known.
        :raises TimeoutError: when it is not resolved in time.
        """
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            addresses = await LOOKUPS.find(host, port)
        if not addresses or not all(self.passes(each) for each in addresses):
            raise AddressRefused(host)
        return addresses


ANY_ADDRESS = AddressGuard((ip_network("0.0.0.0/0"), ip_network("::/0")))
"""For a server that the operator names, wherever it is: the setting is as good as one of the networks."""


def _reached(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address leads to by a mapping or a tunnel; else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address.teredo is not None:
            return address.teredo[1]
        if address in _NAT64 or (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return True  # what it leads to is judged
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST and address not in _NAT64:
        return False
    if any(address.version == each.version and address in each for each in _NEVER_PUBLIC):
        return False
    return address.is_global and not address.is_multicast

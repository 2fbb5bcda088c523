"""Networks as people write them, and whether an address lies in one."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
"""IPv4 as IPv6 writes it."""


def read_network(text: str) -> Network | None:
    """The network of a text such as ``192.0.2.0/24``, ``2001:db8::/48`` or one address; None: it is none.

    An address within a network stands for that network. An IPv4-mapped IPv6 network is the IPv4 one. A zone,
    as in ``fe80::1%eth0``, is of one machine, so such a text is none.
    """
    if "%" in text:
        return None
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        bits = network.prefixlen - _MAPPED.prefixlen
        return ipaddress.ip_network((network.network_address.packed[-4:], bits))
    return network


def read_address(text: str) -> Address | None:
    """The address of a text; an IPv4-mapped IPv6 address is the IPv4 one. None: it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_within(address: Address, networks: Sequence[str]) -> bool:
    """Whether an address lies in one of these networks; a text that is no network has none."""
    return any(address in network for network in _networks(tuple(networks)))


@lru_cache(maxsize=256)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Read once for each list of a company, not for each answer."""
    return tuple(network for network in map(read_network, texts) if network is not None)

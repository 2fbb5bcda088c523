"""The address of a client, and the network that counts as one client for rate limits."""

import ipaddress

from starlette.requests import HTTPConnection

from shared.values.networks import Address, read_address

IPV6_NETWORK_BITS = 64
"""What one household or server gets of IPv6: a client with one of its addresses has all of them."""
IPV6_SITE_BITS = 48
"""The most that a provider usually gives to one customer; a household often has a /56 of it."""


def network_of(request: HTTPConnection, bits: int = IPV6_NETWORK_BITS) -> str:
    """The client's IPv4 address or IPv6 network (/64). An IPv4-mapped IPv6 address counts as the IPv4 one."""
    address = address_of(request)
    if address is None:
        return request.client.host if request.client else ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address.packed, bits), strict=False))


def address_of(request: HTTPConnection) -> Address | None:
    """The client's address, as trusted proxies say it; an IPv4-mapped IPv6 address is the IPv4 one. None: it
    is not known.
    """
    return read_address(request.client.host) if request.client else None


def site_of(request: HTTPConnection) -> str:
    """The client's IPv4 address or IPv6 site (/48), for limits that protect all others from one site."""
    return network_of(request, IPV6_SITE_BITS)

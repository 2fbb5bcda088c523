"""Who counts as one caller where callers are counted."""

import ipaddress

from starlette.requests import HTTPConnection

IPV6_NETWORK_BITS = 64
"""What one household or one server is given of IPv6: whoever has one of its addresses has all."""
IPV6_SITE_BITS = 48
"""The most that one customer of a provider is usually given: a household often has a /56 of it."""


def network_of(request: HTTPConnection, bits: int = IPV6_NETWORK_BITS) -> str:
    """The caller's address; of IPv6 the network of /64. An IPv4 address in IPv6's clothes is the IPv4 one."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed, bits), strict=False))


def site_of(request: HTTPConnection) -> str:
    """The caller's address; of IPv6 the network of /48, for what one household must not do to all."""
    return network_of(request, IPV6_SITE_BITS)

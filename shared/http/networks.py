"""Who counts as one caller where callers are counted."""

import ipaddress

from starlette.requests import HTTPConnection

IPV6_NETWORK_BITS = 64
"""What one household or one server is given of IPv6: whoever has one of its addresses has all."""


def network_of(request: HTTPConnection) -> str:
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
    return str(ipaddress.ip_network((address.packed, IPV6_NETWORK_BITS), strict=False))

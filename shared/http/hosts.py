"""The two public addresses: the customers', which serves nothing of the staff, and the staff's."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

CUSTOMER_PATHS = frozenset({"s", "u", "q", "x", "in-page.js"})
"""The first segment of the paths that customers' links have, and the script of companies' own pages."""
STATIC_PATHS = frozenset({"static"})
HEALTH_PATHS = frozenset({"healthz", "readyz", "metrics"})
PERSONAL_DATA_PATHS = ("v1", "personal-data")
"""The first two segments of the paths by which our services ask each other."""
INTERNAL_PATHS = frozenset({"readyz", "metrics"})
"""Tell more than that the process lives, so they are served under no public host."""
DEFAULT_PORTS = {"http": 80, "https": 443}


class Hosts:
    """Which paths are served under the host that a request names; all of them when both addresses are one.

    Under the address by which our services ask each other only those paths are served besides.
    A host that is neither address belongs to a machine of our own (a probe by container name or loopback): it
    is served what customers are, and the health paths, which the customers' host does not serve.
    """

    def __init__(self, public_url: str, staff_url: str, internal_url: str | None = None) -> None:
        self._internal_hosts = _host_headers(internal_url) if internal_url else frozenset[str]()
        self._customer_hosts, self._staff_hosts = _host_headers(public_url), _host_headers(staff_url)
        self._separate = self._customer_hosts != self._staff_hosts
        self._public_hosts = frozenset(
            host
            for url, hosts in ((public_url, self._customer_hosts), (staff_url, self._staff_hosts))
            if not _is_loopback(url)
            for host in hosts
        )

    def serves(self, hosts: Sequence[str], path: str) -> bool:
        """Whether the path is served; ``hosts`` has the Host headers, of which there must be exactly one."""
        segments = [segment for segment in path.split("/") if segment]
        first = segments[0] if segments else ""
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if first in INTERNAL_PATHS and host in self._public_hosts:
            return False
        if not self._separate:
            return True
        if first in CUSTOMER_PATHS | STATIC_PATHS:
            return True
        if host in self._staff_hosts:
            return True
        if host in self._internal_hosts and tuple(segments[:2]) == PERSONAL_DATA_PATHS:
            return True
        return first in HEALTH_PATHS and host not in self._customer_hosts


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host_headers(url: str) -> frozenset[str]:
    """The Host headers that name this address: with its port, and without it when it is the default."""
    parts = urlsplit(url.lower())
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    default = DEFAULT_PORTS.get(parts.scheme)
    port = default if parts.port is None else parts.port
    return frozenset({f"{host}:{port}", *({host} if port == default else ())})

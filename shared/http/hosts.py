"""Two addresses: the customers', where nothing of the staff is, and the staff's, where the rest is."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

CUSTOMERS = frozenset({"s", "u", "q"})
"""The first part of the paths that a customer's links have."""
FILES = frozenset({"static"})
MACHINES = frozenset({"healthz", "readyz", "metrics"})
FIGURES = frozenset({"readyz", "metrics"})
"""What tells more than that we live: for machines beside us, under no address that the world knows."""
PORTS = {"http": 80, "https": 443}


class Hosts:
    """Whether a path is there under the host that was asked; with one address for both all are.

    A host that is neither is a machine's beside us (a probe by container or loopback address): it gets what
    customers get, and the answers for machines, which the customers' host keeps to itself.
    """

    def __init__(self, public_url: str, staff_url: str) -> None:
        self._public, self._staff = _names(public_url), _names(staff_url)
        self._apart = self._public != self._staff
        self._worlds = frozenset(
            name
            for url, names in ((public_url, self._public), (staff_url, self._staff))
            if not _is_loopback(url)
            for name in names
        )

    def serves(self, hosts: Sequence[str], path: str) -> bool:
        """Whether this is answered; ``hosts`` is what the request names, which must be one."""
        first = next((part for part in path.split("/") if part), "")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if first in FIGURES and host in self._worlds:
            return False
        if not self._apart:
            return True
        if first in CUSTOMERS | FILES:
            return True
        if host in self._staff:
            return True
        return first in MACHINES and host not in self._public


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _names(url: str) -> frozenset[str]:
    """How a Host header may name this address: with its port, which may be left out when it is the usual."""
    parts = urlsplit(url.lower())
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    usual = PORTS.get(parts.scheme)
    port = parts.port or usual
    return frozenset({f"{host}:{port}", *({host} if port == usual else ())})

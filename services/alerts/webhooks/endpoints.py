"""Addresses of endpoints: which are taken, and to which networks each may lead."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from services.alerts.errors import SettingRefused
from shared.outbound.address_guard import AddressGuard
from shared.values.messages import message

MAX_URL_LENGTH = 500
PUBLIC_PORTS = (443, 8443)
"""Of endpoints on the Internet; in a network that the operator allows, any port and http may be used."""
NO_ADDRESS = message("Must be an address such as https://example.com/hooks.")
NO_CREDENTIALS = message("Leave user name and password out: the signature proves who sends.")
_HOST = re.compile(r"[a-z0-9._:-]+")


def checked_url(guard: AddressGuard, given: str, field: str = "/url") -> str:
    """The address in one form; the name is not resolved, which happens for each connection.

    :param field: where the address stands in what is wanted.
    :raises SettingRefused: with what is wrong.
    """
    try:
        parts = urlsplit(given.strip())
        host = (parts.hostname or "").encode("idna").decode().lower()
        port = parts.port
    except (UnicodeError, ValueError):
        raise SettingRefused(field, NO_ADDRESS) from None
    if parts.scheme not in {"https", "http"} or not _HOST.fullmatch(host) or not given.isprintable():
        raise SettingRefused(field, NO_ADDRESS)
    if parts.username is not None or parts.password is not None:
        raise SettingRefused(field, NO_CREDENTIALS)
    url = urlunsplit((parts.scheme, _netloc(host, port), _ascii(parts.path) or "/", _ascii(parts.query), ""))
    if len(url) > MAX_URL_LENGTH:
        raise SettingRefused(field, message("Is too long. 500 characters are enough."))
    if not is_of_internet(url) and not guard.allowed:
        raise SettingRefused(field, message("Must begin with https:// and use port 443 or 8443."))
    if not _literal_passes(guard, host):
        raise SettingRefused(field, message("Lies in a network that is not public."))
    return url


def is_of_internet(url: str) -> bool:
    """Whether the address may lead to any public host."""
    parts = urlsplit(url)
    port = PUBLIC_PORTS[0] if parts.port is None else parts.port
    return parts.scheme == "https" and port in PUBLIC_PORTS


def guard_of(guard: AddressGuard, url: str) -> AddressGuard:
    """Which networks the address may lead to."""
    return guard if is_of_internet(url) else AddressGuard(guard.allowed, public=False)


def _literal_passes(guard: AddressGuard, host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return True
    return guard.passes(host)


def _netloc(host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


def _ascii(part: str) -> str:
    """A path or a query as it is requested."""
    return "".join(
        each if "!" <= each <= "~" else "".join(f"%{byte:02X}" for byte in each.encode()) for each in part
    )

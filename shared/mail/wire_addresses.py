"""Addresses and links as they are sent: with domains in the form of IDNA, which every server knows."""

from urllib.parse import quote, urlsplit

from shared.values.addresses import mailed_domain


def on_the_wire(address: str) -> str:
    """The address with its domain IDNA-encoded; the local part may still be outside ASCII (RFC 6531)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{mailed_domain(domain)}"  # an invalid name stays: the server refuses it


def link_on_the_wire(url: str) -> str:
    """A URL in ASCII: its host IDNA-encoded, the rest percent-encoded (RFC 3986, 2.1)."""
    if url.isascii():
        return url
    parts = urlsplit(url)
    host = on_the_wire(f"@{parts.hostname or ''}").removeprefix("@")
    port = f":{parts.port}" if parts.port else ""
    return quote(parts._replace(netloc=f"{host}{port}").geturl(), safe="%/:=&?~#+!$,;'@()*[]")

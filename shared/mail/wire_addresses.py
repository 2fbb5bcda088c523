"""Addresses as they travel: with domains in the form that every mail server and browser knows."""

from urllib.parse import quote, urlsplit

from shared.values.addresses import mailed_domain


def on_the_wire(address: str) -> str:
    """The address with its domain IDNA-encoded. What is outside ASCII still is the local part (RFC 6531)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{mailed_domain(domain)}"  # what is no name is left to the server to refuse


def link_on_the_wire(url: str) -> str:
    """The address of a page in ASCII: its host IDNA-encoded, all else by per cent (RFC 3986, 2.1)."""
    if url.isascii():
        return url
    parts = urlsplit(url)
    host = on_the_wire(f"@{parts.hostname or ''}").removeprefix("@")
    port = f":{parts.port}" if parts.port else ""
    return quote(parts._replace(netloc=f"{host}{port}").geturl(), safe="%/:=&?~#+!$,;'@()*[]")

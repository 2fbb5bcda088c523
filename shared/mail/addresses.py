"""An address as it travels: its domain in the form that every mail server knows."""

import idna


def on_the_wire(address: str) -> str:
    """The address with its domain IDNA-encoded. What is outside ASCII still is the local part (RFC 6531)."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:  # no name that could be looked up: the server is to say so
        return address

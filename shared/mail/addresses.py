"""An address as it travels: its domain in the form that every mail server knows."""

from shared.addresses import mailed_domain


def on_the_wire(address: str) -> str:
    """The address with its domain IDNA-encoded. What is outside ASCII still is the local part (RFC 6531)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{mailed_domain(domain)}"  # what is no name is left to the server to refuse

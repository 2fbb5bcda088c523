"""Whether an answer comes from one of the company's own networks. The address is kept nowhere."""

from fastapi import Request

from shared.events import Tenant
from shared.http.client_networks import address_of
from shared.values.networks import is_within


def is_of_staff_network(request: Request, company: Tenant) -> bool | None:
    """Whether the client's address lies in a network that the company has declared; None: it has declared
    none, or the address is not known.
    """
    address = address_of(request) if company.staff_networks else None
    return is_within(address, company.staff_networks) if address is not None else None

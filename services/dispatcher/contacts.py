"""Who an event is about: a contact is an address, and the customer's id is what its contacts share."""

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from shared.events import Customer
from shared.secrets import customer_hash, customer_hashes
from shared.values.customer_ids import is_placeholder_id


class Contact(NamedTuple):
    """A customer of a tenant, as quarantine and suppressions know them."""

    tenant: str
    customer_id: str
    """The customer's id; where that stands for nobody, the keyed hash of the address or the phone number."""
    address: str | None
    """The keyed hash of the mail address."""
    earlier: tuple[str, ...] = ()
    """The hashes under which earlier versions may have kept this address."""
    ignored_id: str | None = None
    """The id that came, where it was taken for none."""

    @property
    def key(self) -> str:
        """Who is in quarantine: the address, under whatever id; the id, where no address is known."""
        return self.address or self.customer_id

    @property
    def shares_id(self) -> bool:
        """Whether the id says more than the address, and so may have other contacts."""
        return self.customer_id != self.address


def contact_of(secret: str, tenant: str, customer: Customer, placeholders: AbstractSet[str]) -> Contact:
    """Who this is. ``placeholders``: the tenant's own ids that stand for nobody, folded."""
    address, ignored = None, None
    earlier: tuple[str, ...] = ()
    if customer.email is not None and customer.email.strip():
        address, *before = customer_hashes(secret, tenant, customer.email)
        earlier = tuple(before)
    customer_id = customer.id
    if is_placeholder_id(customer_id, placeholders):
        ignored = customer_id
        if address is not None:
            customer_id = address
        elif customer.phone:
            customer_id = customer_hash(secret, tenant, customer.phone)
    return Contact(tenant, customer_id, address, earlier, ignored)


def keys_of(contact: Contact) -> tuple[str, ...]:
    """All under which it may have been asked. What is known under the id alone, from another system's import
    or from before addresses were kept, holds for every contact of the id.
    """
    own = (contact.address, *contact.earlier) if contact.address is not None else ()
    return (*own, contact.customer_id) if contact.shares_id else own

"""Whom an event is about: a contact is an address, and a customer id is what its contacts share."""

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from shared.events import Customer
from shared.secrets import customer_hash, customer_hashes
from shared.values.customer_ids import is_placeholder_id


class ContactKey(NamedTuple):
    """A tenant's customer as quarantine and suppressions know them."""

    tenant: str
    customer_id: str
    """The customer's id; where that stands for nobody, the keyed hash of the address or the phone number."""
    address: str | None
    """The keyed hash of the mail address."""
    earlier: tuple[str, ...] = ()
    """The hashes under which earlier versions may have stored this address."""
    ignored_id: str | None = None
    """The id that came, where it was treated as none."""

    @property
    def key(self) -> str:
        """What the quarantine belongs to: the address, under any id; the id, where no address is known."""
        return self.address or self.customer_id

    @property
    def shares_id(self) -> bool:
        """Whether the id is more than the address, and so may have other contacts."""
        return self.customer_id != self.address


def contact_key_of(
    secret: str, tenant: str, customer: Customer, placeholder_ids: AbstractSet[str]
) -> ContactKey:
    """The contact of a customer. ``placeholder_ids``: the tenant's own that stand for nobody, folded."""
    address, ignored_id = None, None
    earlier: tuple[str, ...] = ()
    if customer.email is not None and customer.email.strip():
        address, *others = customer_hashes(secret, tenant, customer.email)
        earlier = tuple(others)
    customer_id = customer.id
    if is_placeholder_id(customer_id, placeholder_ids):
        ignored_id = customer_id
        if address is not None:
            customer_id = address
        elif customer.phone:
            customer_id = customer_hash(secret, tenant, customer.phone)
    return ContactKey(tenant, customer_id, address, earlier, ignored_id)


def quarantine_keys(contact: ContactKey) -> tuple[str, ...]:
    """All keys under which the contact may have been asked.

    What is known under the id alone, from another system's import or from before addresses were stored, holds
    for every contact of the id.
    """
    own = (contact.address, *contact.earlier) if contact.address is not None else ()
    return (*own, contact.customer_id) if contact.shares_id else own

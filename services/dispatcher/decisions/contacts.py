"""Whom an event is about: a contact is an address, and a customer id is what its contacts share."""

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from shared.events import Customer
from shared.privacy.persons import NOBODY, identity_of, person_of
from shared.privacy.subjects import Subject
from shared.secrets import customer_hashes
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
    person: str = NOBODY
    """The pseudonym of the customer."""

    @property
    def subject(self) -> Subject:
        """The contact as an erasure knows it."""
        return Subject(self.tenant, self.person, self.address)

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
    customer_id = identity_of(secret, tenant, customer, placeholder_ids)
    if customer_id != customer.id or is_placeholder_id(customer.id, placeholder_ids):
        ignored_id = customer.id
    return ContactKey(
        tenant, customer_id, address, earlier, ignored_id, person_of(secret, tenant, customer_id)
    )


def quarantine_keys(contact: ContactKey) -> tuple[str, ...]:
    """All keys under which the contact may have been asked.

    What is known under the id alone, from another system's import or from before addresses were stored, holds
    for every contact of the id.
    """
    own = (contact.address, *contact.earlier) if contact.address is not None else ()
    return (*own, contact.customer_id) if contact.shares_id else own

"""Whom an event is about: a contact is an address, and a customer id is what its contacts share."""

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from shared.events import Customer, Invitation
from shared.privacy.persons import NOBODY, identity_of, person_of
from shared.privacy.subjects import Subject
from shared.secrets import customer_hash, customer_hashes
from shared.values.customer_ids import is_placeholder_id


class ContactKey(NamedTuple):
    """A tenant's customer as quarantine and suppressions know them."""

    tenant: str
    customer_id: str
    """The customer's id; where that stands for nobody, the keyed hash of the address or the phone number."""
    address: str | None
    """The keyed hash of the mail address; of a customer without one, of the phone number."""
    earlier: tuple[str, ...] = ()
    """The hashes under which earlier versions may have stored this address."""
    ignored_id: str | None = None
    """The id that came, where it was treated as none."""
    person: str = NOBODY
    """The pseudonym of the customer."""
    number: str | None = None
    """The keyed hash of the phone number of a customer who has a mail address, too."""
    by_number: bool = False
    """Whether ``address`` is that of a phone number."""
    texted: bool = False
    """Whether the question goes to ``number``, which is then one of its names."""
    id_is_shared: bool = False
    """Whether the company gives one id to several people, so that each address is a person of its own."""

    @property
    def subject(self) -> Subject:
        """The contact as an erasure knows it."""
        return Subject(self.tenant, self.person, self.address)

    @property
    def key(self) -> str:
        """The contact's one name: the address, under any id; the id, where no address is known."""
        return self.address or self.customer_id

    @property
    def keys(self) -> tuple[str, ...]:
        """Under what a question to the contact is kept: the address, under any id, and the id, which is the
        person under any address; of a text message the number, too, which several people may have.
        """
        numbers = (self.number,) if self.texted and self.number is not None else ()
        return tuple(dict.fromkeys((self.key, *numbers, self.customer_id)))

    @property
    def own_keys(self) -> tuple[str, ...]:
        """Those of them under which nobody else is meant: not an id that several people share."""
        if not self.id_is_shared:
            return self.keys
        return tuple(key for key in self.keys if key == self.key or key != self.customer_id)

    @property
    def is_one_of_several(self) -> bool:
        """Whether the contact is the address alone: what names the id and another address is about others."""
        return self.id_is_shared and self.address is not None

    @property
    def shares_id(self) -> bool:
        """Whether the id is more than the address, and so may have other contacts."""
        return self.customer_id != self.address

    def asked_by(self, channel: str | None) -> "ContactKey":
        """The contact of a question by this channel."""
        texted = channel == "sms" and self.number is not None
        return self if texted == self.texted else self._replace(texted=texted)


def contact_key_of(
    secret: str,
    tenant: str,
    customer: Customer,
    placeholder_ids: AbstractSet[str],
    *,
    ids_are_shared: bool = False,
) -> ContactKey:
    """The contact of a customer.

    :param placeholder_ids: the tenant's own that stand for nobody, folded.
    :param ids_are_shared: whether the tenant gives one id to several people.
    """
    address, number, ignored_id = None, None, None
    earlier: tuple[str, ...] = ()
    if customer.email is not None and customer.email.strip():
        address, *others = customer_hashes(secret, tenant, customer.email)
        earlier = tuple(others)
    if customer.phone:
        number = customer_hash(secret, tenant, customer.phone)
    by_number = address is None and number is not None
    if by_number:
        address, number = number, None
    customer_id = customer.id
    if is_placeholder_id(customer.id, placeholder_ids):
        ignored_id = customer.id
        customer_id = identity_of(secret, tenant, customer, placeholder_ids)
    person = person_of(secret, tenant, customer_id)
    return ContactKey(
        tenant,
        customer_id,
        address,
        earlier,
        ignored_id,
        person,
        number=number,
        by_number=by_number,
        id_is_shared=ids_are_shared,
    )


def contact_of_invitation(tenant: str, invitation: Invitation) -> ContactKey:
    """The contact whom an invitation was made for, as far as that stands in it."""
    person = invitation.person or NOBODY
    return ContactKey(
        tenant,
        invitation.customer.id,
        invitation.contact_key,
        person=person,
        number=invitation.number_key,
        texted=invitation.number_key is not None,
    )


def under_its_id(contact: ContactKey, invitation: Invitation) -> ContactKey:
    """The contact of an invitation under the id that it was made with, and what it asked is kept under, also
    where the company has said since that this id stands for nobody.
    """
    return contact._replace(customer_id=invitation.customer.id)


def quarantine_keys(contact: ContactKey) -> tuple[str, ...]:
    """All keys under which the contact may have been asked: the address, the number, and the person by the
    id.
    """
    own = (contact.address, *contact.earlier) if contact.address is not None else ()
    own += (contact.number,) if contact.number is not None else ()
    return (*own, contact.customer_id) if contact.shares_id else own


def keys_without_ours(contact: ContactKey) -> tuple[str, ...]:
    """Those of them under which only the questions of other systems count, which tell no address: an id that
    several people share.
    """
    return (contact.customer_id,) if contact.id_is_shared and contact.shares_id else ()

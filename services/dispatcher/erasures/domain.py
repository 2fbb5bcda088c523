"""Whom an erasure means, by the names that were given."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

NameField = Literal["customer_id", "email", "phone"]
"""A field of the request that names a customer."""
MAX_CUSTOMERS_LISTED = 100
"""Of those among whom the caller must choose."""


class Sought(NamedTuple):
    """The names that were given, as keyed hashes; None: not given."""

    person: str | None = None
    """Of the id exactly as it was given."""
    contact: str | None = None
    phone: str | None = None


class CustomerSearch(NamedTuple):
    """The names of a request, with all forms in which they may be stored."""

    sought: Sought
    ids: tuple[str, ...] = ()
    """The id as it was given, and in the form in which texts are compared."""
    persons: tuple[str, ...] = ()
    """The pseudonyms of these ids, and of whoever came under an id that stands for nobody."""
    without_id: tuple[str, ...] = ()
    """The pseudonyms of whoever came under the address or the number and without an id."""
    placeholder_ids: frozenset[str] = frozenset()
    """The company's own ids that stand for nobody, folded."""

    @property
    def hashes(self) -> list[str]:
        """The keyed hashes of the address and the number that were given."""
        return [each for each in (self.sought.contact, self.sought.phone) if each is not None]


class NamedCustomer(NamedTuple):
    """A customer whom one of the names may mean."""

    person: str
    customer_id: str
    addresses: int
    """Under how many addresses the customer came."""
    has_id: bool
    """Whether this is the customer of the id that was given, in whatever form."""
    has_contact: bool
    """Whether the customer came under the address that was given."""
    contacts_of_phone: Sequence[str] = ()
    """The addresses that came together with the number that was given; an empty one stands for none."""
    is_shared: bool = False
    """Whether the id stands for nobody: whoever came under it is known by the address alone."""

    def fits(self, sought: Sought) -> bool:
        """Whether all names that were given are this customer's."""
        return (
            (sought.person is None or self.has_id)
            and (sought.contact is None or self.has_contact)
            and (sought.phone is None or bool(self.contacts_of_phone))
        )

    @property
    def contact_of_phone(self) -> str | None:
        """The one address that came together with the number; None: there are several, or none."""
        return self.contacts_of_phone[0] or None if len(self.contacts_of_phone) == 1 else None


class ErasureScope(NamedTuple):
    """Whom an erasure covers: a person, under every address or under one."""

    person: str
    contact: str | None = None


class NotOneCustomer(Exception):
    """The names that were given mean several customers, or one with several addresses: these."""

    def __init__(self, customers: Sequence[NamedCustomer]) -> None:
        super().__init__(len(customers))
        self.customers = customers


class CustomerNotFound(Exception):
    """Nothing is stored of such a customer.

    ``together``: each name is a customer's, but not all of one.
    """

    def __init__(self, *, together: bool) -> None:
        super().__init__(together)
        self.together = together


def scope_of(sought: Sought, customers: Sequence[NamedCustomer]) -> ErasureScope:
    """Whom the names mean. ``customers``: all whom one of the names may mean.

    Of several whose ids differ in form alone, the one whose id was given exactly so is meant.

    :raises CustomerNotFound: when it is nobody.
    :raises NotOneCustomer: when it is not clear who.
    """
    fitting = [customer for customer in customers if customer.fits(sought)]
    if not fitting:
        each = [Sought(**{name: value}) for name, value in sought._asdict().items() if value is not None]
        raise CustomerNotFound(together=all(any(one.fits(name) for one in customers) for name in each))
    exact = [customer for customer in fitting if customer.person == sought.person]
    customer, *others = exact or fitting
    if others:
        raise NotOneCustomer(fitting)
    if customer.addresses <= 1 and not customer.is_shared:
        return ErasureScope(customer.person)
    if customer.addresses > 1 and sought.person is None:
        raise NotOneCustomer(fitting)
    contact = sought.contact or customer.contact_of_phone
    if contact is not None:
        return ErasureScope(customer.person, contact)
    if sought.phone is not None or customer.is_shared:
        raise NotOneCustomer(fitting)
    return ErasureScope(customer.person)

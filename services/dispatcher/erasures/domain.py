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
    contact: str | None = None
    phone: str | None = None

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [name for name in self if name is not None]


class NamedCustomer(NamedTuple):
    """A customer whom one of the names may mean."""

    person: str
    customer_id: str
    addresses: int
    """Under how many addresses the customer came."""
    has_contact: bool
    """Whether the customer came under the address that was given."""
    contacts_of_phone: Sequence[str] = ()
    """The addresses that came together with the number that was given; an empty one stands for none."""

    def fits(self, sought: Sought) -> bool:
        """Whether all names that were given are this customer's."""
        return (
            sought.person in (None, self.person)
            and (sought.contact is None or self.has_contact)
            and (sought.phone is None or bool(self.contacts_of_phone))
        )


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

    :raises CustomerNotFound: when it is nobody.
    :raises NotOneCustomer: when it is not clear who.
    """
    fitting = [customer for customer in customers if customer.fits(sought)]
    if not fitting:
        each = [Sought(**{name: value}) for name, value in sought._asdict().items() if value is not None]
        raise CustomerNotFound(together=all(any(one.fits(name) for one in customers) for name in each))
    customer = fitting[0]
    if len(fitting) > 1:
        raise NotOneCustomer(fitting)
    if customer.addresses <= 1:
        return ErasureScope(customer.person)
    if sought.person is None:
        raise NotOneCustomer(fitting)
    if sought.contact is not None:
        return ErasureScope(customer.person, sought.contact)
    if sought.phone is None:
        return ErasureScope(customer.person)
    if len(customer.contacts_of_phone) != 1 or not customer.contacts_of_phone[0]:
        raise NotOneCustomer(fitting)
    return ErasureScope(customer.person, customer.contacts_of_phone[0])

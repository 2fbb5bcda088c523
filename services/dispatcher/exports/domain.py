"""Whom a caller looks for, and who is found."""

from collections.abc import Sequence
from typing import NamedTuple

from services.dispatcher.erasures.domain import NamedCustomer
from shared.values.messages import Message, message


class SoughtCustomer(NamedTuple):
    """Whom a caller looks for: at least one of the three is given."""

    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None

    @property
    def described(self) -> Message:
        """By what the customer is looked for, without the values."""
        return DESCRIPTIONS[self.customer_id is not None, self.email is not None, self.phone is not None]


DESCRIPTIONS = {
    (True, False, False): message("this customer id"),
    (False, True, False): message("this mail address"),
    (False, False, True): message("this phone number"),
    (True, True, False): message("this customer id and mail address together"),
    (True, False, True): message("this customer id and phone number together"),
    (False, True, True): message("this mail address and phone number together"),
    (True, True, True): message("this customer id, mail address and phone number together"),
}


class SeveralCustomers(Exception):
    """More than one customer, or one with more than one address: the caller has to choose."""

    def __init__(self, customers: Sequence[NamedCustomer]) -> None:
        super().__init__("several customers")
        self.customers = customers


class UnknownCustomer(Exception):
    """Nobody is known under what was looked for."""

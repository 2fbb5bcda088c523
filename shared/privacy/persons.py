"""Person: the pseudonym of one customer of one company, by which all that is stored of them is found."""

from collections.abc import Set as AbstractSet

from shared.events import Customer
from shared.secrets import customer_hash, derive, keyed_digest
from shared.values.customer_ids import is_placeholder_id
from shared.values.text import normalized_text

NOBODY = ""
"""In a column ``person``: the row is of nobody, or its customer was erased from it. NULL: a version that knew
no pseudonyms wrote it (see :mod:`shared.privacy.backfill`)."""


def person_of(secret: str, tenant: str, customer_id: str) -> str:
    """The pseudonym (64 hexadecimal digits) of the customer with this id, by a key of the company's own.

    :param customer_id: the company's own id; of a customer without one, the keyed hash of the address.
    """
    return keyed_digest(derive(secret, f"person:{tenant}"), customer_id.encode()).hex()


def identity_of(
    secret: str, tenant: str, customer: Customer, placeholder_ids: AbstractSet[str] = frozenset()
) -> str:
    """The id of a customer; where it stands for nobody, the keyed hash of their address or phone number.

    :param placeholder_ids: the company's own ids that stand for nobody, folded.
    """
    if is_placeholder_id(customer.id, placeholder_ids):
        address = normalized_text(customer.email or "") or customer.phone
        if address:
            return customer_hash(secret, tenant, address)
    return customer.id


def person_or_nobody(secret: str, tenant: str, customer_id: str | None) -> str:
    """The same as a column stores it: ``NOBODY`` where there is no customer."""
    return person_of(secret, tenant, customer_id) if customer_id else NOBODY

"""An event as the key that sent it makes it: of its company, from its source, about a person."""

from collections.abc import Collection
from datetime import datetime

from shared.api_keys import ApiKey
from shared.intake.domain import AcceptedEvent, transaction
from shared.intake.schemas import EventIn
from shared.privacy.persons import identity_of, person_of
from shared.secrets import customer_hash


def accepted_event(
    secret: str, key: ApiKey, event: EventIn, now: datetime, spoilt: Collection[str] = ()
) -> AcceptedEvent:
    """The transaction that an event of this key becomes, with the pseudonym of its customer.

    :param spoilt: pointers to hints in which U+FFFD stands for a character that cannot be kept.
    :raises Unacceptable: naming the field and the remedy.
    """
    tenant = key.tenant
    return transaction(
        event,
        source=key.source or key.name,
        customer_id=lambda address: customer_hash(secret, tenant, address),
        person=lambda customer: person_of(secret, tenant, identity_of(secret, tenant, customer)),
        now=now,
        country=key.country,
        spoilt=spoilt,
    )

"""An event as the key that sent it makes it: of its company, from its source, about a person."""

from collections.abc import Collection
from datetime import datetime

from msgspec.structs import replace

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
    accepted = transaction(
        event,
        source=key.source or key.name,
        customer_id=lambda address: customer_hash(secret, key.tenant, address),
        now=now,
        country=key.country,
        spoilt=spoilt,
    )
    identity = identity_of(secret, key.tenant, accepted.transaction.customer)
    named = replace(accepted.transaction, person=person_of(secret, key.tenant, identity))
    return AcceptedEvent(named, accepted.warnings)

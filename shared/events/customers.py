"""``customers``: a customer whose personal data must be erased by every service."""

from uuid import UUID

from shared.events.envelope import Data, Instant, Name, Text, Topic


class CustomerErased(Data, frozen=True, kw_only=True):
    """What is stored of this customer anywhere is erased, and so is what comes of them later."""

    id: Name
    """The target: the person, and behind a dot the contact where only that one is meant."""
    version: int
    erased_at: Instant
    person: Text | None = None
    """The pseudonym of the customer; None: the id is the pseudonym."""
    contact: Text | None = None
    """The keyed hash of the one address that is meant, of a customer id that several people share; None: the
    customer under every address."""
    addresses: tuple[Text, ...] = ()
    """The keyed hashes of the addresses under which nobody is asked any more."""
    erasure_id: UUID | None = None
    """That of the request, as ``/v1/erasures`` has it; None: published again, or by an older version."""


CUSTOMERS = Topic(
    name="customers.v1",
    event_type="afterword.customer.changed",
    data=CustomerErased,
    source="/afterword/dispatcher",
    identity=lambda customer: customer.id,
    version=lambda customer: customer.version,
    compacted=True,
)

"""``customers``: a customer whose personal data must be erased by every service."""

from shared.events.envelope import Data, Instant, Name, Topic


class CustomerErased(Data, frozen=True, kw_only=True):
    """Personal data of this customer from before ``erased_at`` are erased wherever they are stored."""

    id: Name
    """Keyed hash of the customer's id: the id itself must not be stored."""
    version: int
    erased_at: Instant


CUSTOMERS = Topic(
    name="customers.v1",
    event_type="afterword.customer.changed",
    data=CustomerErased,
    source="/afterword/dispatcher",
    identity=lambda customer: customer.id,
    version=lambda customer: customer.version,
    key=lambda customer: customer.id,
    compacted=True,
)

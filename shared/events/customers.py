"""``customers``: a person to be forgotten. Every service strips what it keeps of them."""

from shared.events.envelope import Data, Instant, Name, Topic


class CustomerErased(Data, frozen=True, kw_only=True):
    """Records of this person that are older than ``erased_at`` are stripped wherever they appear."""

    id: Name
    """Keyed hash of the customer's id: what must not be kept cannot be said."""
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

"""``transactions``: a purchase or a contact, as a client back-end told it. The first of an identity wins."""

from uuid import UUID

from msgspec import UNSET, Raw, UnsetType

from shared.events.envelope import Data, Instant, Name, Text, Topic
from shared.ids import derived


class Basis(Data, frozen=True, kw_only=True):
    """Why this customer may be written to, as the back-end vouches for it."""

    kind: Name
    at: Instant | None = None
    source: Text | None = None


class Customer(Data, frozen=True, kw_only=True):
    """Whom it happened to. ``id`` is the back-end's own, or a keyed hash of the address."""

    id: Name
    email: Text | None = None
    phone: Text | None = None
    name: Text | None = None
    locale: Text | None = None
    time_zone: Text | None = None
    country: Text | None = None
    basis: Basis | None = None


class Account(Data, frozen=True, kw_only=True):
    """The company behind the customer, where there is one."""

    id: Name
    manager: Text | None = None


class Transaction(Data, frozen=True, kw_only=True):
    """What happened. Its identity is tenant, source and id."""

    id: Name
    source: Name
    type: Name
    occurred_at: Instant
    accepted_at: Instant
    customer: Customer
    digest: Name
    """SHA-256 of what was sent, to show when one identity came with two contents."""
    account: Account | None = None
    handled_by: Text | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()
    attributes: Raw | UnsetType = UNSET
    """The back-end's own JSON object, unread until somebody needs it."""
    dropped: tuple[Text, ...] = ()
    """JSON pointers to what was sent as a help and could not be understood: left out, never the event."""

    @property
    def event_id(self) -> UUID:
        """The identity as one UUID: where ``/events/{id}`` shows it. Within a tenant."""
        return derived("transaction", self.source, self.id)


TRANSACTIONS = Topic(
    name="transactions.v1",
    event_type="afterword.transaction.received",
    data=Transaction,
    source="/afterword/trigger",
    identity=lambda transaction: str(transaction.event_id),
    version=lambda _: 0,
    key=lambda transaction: transaction.customer.id,
)

"""``transactions``: a purchase or a contact, sent by a client back-end; of each identity the first wins."""

from uuid import UUID

from msgspec import UNSET, Raw, UnsetType

from shared.events.envelope import Data, Instant, Name, Text, Topic
from shared.ids import derived, derived_text

OWN_SOURCES = "afterword/"
"""The beginning of the sources of events that Afterword itself makes, each of which names a survey: of tests,
waves, programmes and re-asks. A client's event never has one."""
WAVE_SOURCE = f"{OWN_SOURCES}wave/"
"""The beginning of the source of a wave's events; behind it stands the wave's id."""
WAVE_TYPE = "wave."
"""The beginning of their type; behind it stands the survey's id."""
RECOVERY_SOURCE = f"{OWN_SOURCES}recovery/"
"""The beginning of the source of events by which customers of cases are asked again; behind it stands the
survey's id. The event's id is that of the case."""
RECOVERY_TYPE = "recovery."
"""The beginning of their type; behind it stands the survey's id."""
OWN_TURNS = (WAVE_SOURCE, RECOVERY_SOURCE)
"""Of events that we make to ask a customer, and that tell of nothing the customer did."""


LINK = "link"
"""The channel of a personal link that the company shows itself."""


class Basis(Data, frozen=True, kw_only=True):
    """Why this customer may be contacted, by the back-end's own account."""

    kind: Name
    at: Instant | None = None
    source: Text | None = None
    wording: Text | UnsetType | None = UNSET
    """What the customer agreed to or was told."""


class Customer(Data, frozen=True, kw_only=True):
    """The customer. ``id`` is the back-end's own, or a keyed hash of the address."""

    id: Name
    email: Text | None = None
    phone: Text | None = None
    name: Text | None = None
    locale: Text | None = None
    time_zone: Text | None = None
    country: Text | None = None
    basis: Basis | None = None


class Account(Data, frozen=True, kw_only=True):
    """The company of the customer, if there is one."""

    id: Name
    manager: Text | None = None


class Transaction(Data, frozen=True, kw_only=True):
    """A purchase or a contact. Its identity is tenant, source and id."""

    id: Name
    source: Name
    type: Name
    occurred_at: Instant
    accepted_at: Instant
    customer: Customer
    person: Text | None = None
    """The pseudonym of the customer; None: published by a version that knew none."""
    digest: Name
    """SHA-256 of the request's event, to show when one identity came with two contents."""
    account: Account | None = None
    handled_by: Text | None = None
    segments: dict[str, str] = {}
    organisation: tuple[str, ...] = ()
    attributes: Raw | UnsetType = UNSET
    """The back-end's own JSON object, not decoded until it is needed."""
    delay_minutes: int | None = None
    """Between this event and the mail, in place of the survey's; None: the survey's."""
    dropped: tuple[Text, ...] = ()
    """JSON pointers to optional values that were not understood and left out; the event is accepted."""
    survey_id: UUID | None = None
    """The one survey that asks, whatever its trigger: in a wave, after a case, in a test, or of an event that
    came for a link. None: any survey may."""
    channel: Text | None = None
    """``link``: the back-end asked for a personal link, to show it in its own channel at once. None: the
    survey says by which channel it asks."""
    requested_by: Text | None = None
    """The name of the API key that asked for the link."""

    @property
    def is_for_link(self) -> bool:
        """Whether the back-end asked for a personal link, so that no mail is sent."""
        return self.channel == LINK

    @property
    def is_of_client(self) -> bool:
        """Whether it tells of what a client's customer did, and is no test and of no wave."""
        return self.survey_id is None or self.is_for_link

    @property
    def wave_of(self) -> UUID | None:
        """The survey of the wave, the programme or the re-ask that this is an event of; None: of none."""
        return self.survey_id if self.source.startswith(OWN_TURNS) else None

    @property
    def recovery_of(self) -> UUID | None:
        """The case whose customer it asks again; None: it is no event of a re-ask."""
        return UUID(self.id) if self.source.startswith(RECOVERY_SOURCE) else None

    @property
    def test_of(self) -> UUID | None:
        """The survey that this is a test of, which only a test address gets; None: no test."""
        return None if self.is_for_link or self.source.startswith(OWN_TURNS) else self.survey_id

    @property
    def link_of(self) -> UUID | None:
        """The survey of which the back-end wants a link; None: of the first that may ask, or no link."""
        return self.survey_id if self.is_for_link else None

    @property
    def event_id(self) -> UUID:
        """The identity within a tenant as one UUID: the id in ``/events/{id}``."""
        return derived("transaction", self.source, self.id)

    @property
    def event_key(self) -> str:
        """The same as text."""
        return derived_text("transaction", self.source, self.id)


TRANSACTIONS = Topic(
    name="transactions.v1",
    event_type="afterword.transaction.received",
    data=Transaction,
    source="/afterword/trigger",
    identity=lambda transaction: transaction.event_key,
    version=lambda _: 0,
    erasable=True,
)

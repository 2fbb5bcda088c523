"""``contact-policies``: when a tenant may write to its customers, and how often, whatever survey asks."""

from typing import Annotated, Literal

import msgspec
from annotated_types import Interval

from shared.events.envelope import Data, Instant, Name, Topic

MAX_CAP_HOURS = 720
"""A longer time between two messages is a quarantine, which is a rule of each survey."""


MAX_RELATIONAL_DISTANCE_DAYS = 90


class QuietHours(Data, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """A part of each day, by the customer's clock, in which nothing leaves; it may go on over midnight.

    Times are written HH:MM, from 00:00 to 23:59.
    """

    start: str
    end: str
    """The first minute in which a message may leave again."""


CounterEffect = Literal["cancel", "hold"]
CounterScope = Literal["order", "customer"]
MAX_HOLD_HOURS = 2160
"""90 days: what is to wait longer is rather cancelled."""
MAX_COUNTER_EVENTS = 50


class CounterEvent(Data, frozen=True, kw_only=True):
    """A type of event after which it would be wrong to ask about what happened before, such as a refund."""

    event_type: Name
    """Exactly; with ``*`` at its end, each type that begins so."""
    effect: CounterEffect
    """What it does to mails that wait: they are never sent, or not before ``hold_hours`` have passed."""
    scope: CounterScope
    """To which: about the same order (``attributes.order_id`` of both events), or to the same customer."""
    hold_hours: Annotated[int, Interval(ge=1, le=MAX_HOLD_HOURS)] | None = None
    """Since it happened; None: it cancels."""


class ContactRules(Data, frozen=True, kw_only=True):
    """When and how often customers may be written to: the only list of these rules and their defaults."""

    quiet_hours: dict[str, QuietHours] = msgspec.field(
        default_factory=lambda: {"mail": QuietHours(start="21:00", end="07:00")}
    )
    """By channel; a channel without an entry has none."""
    sundays: bool = True
    """Whether a message may leave on a Sunday."""
    holidays: bool = True
    """Whether a message may leave on a public holiday of the customer's country."""
    cap_hours: Annotated[int, Interval(ge=0, le=MAX_CAP_HOURS)] = 24
    """A contact gets at most one message in so many hours, over all surveys; 0: no limit."""
    counter_events: tuple[CounterEvent, ...] = ()
    """All those that are of an event's type hold."""
    relational_distance_days: Annotated[int, Interval(ge=0, le=MAX_RELATIONAL_DISTANCE_DAYS)] = 14
    """A relational survey asks no contact whom a transactional one asks within so many days; 0: no limit."""
    ask_with_open_case: bool = False
    """Whether somebody is asked while a case about them is open; reminders never are sent meanwhile."""


class TenantContactPolicy(ContactRules, frozen=True, kw_only=True):
    """The rules of a tenant. A tenant without an event has the defaults."""

    version: int
    changed_at: Instant


CONTACT_POLICIES = Topic(
    name="contact-policies.v1",
    event_type="afterword.contact_policy.changed",
    data=TenantContactPolicy,
    source="/afterword/dispatcher",
    identity=lambda _: "contact_policy",
    version=lambda policy: policy.version,
    key=lambda _: "contact_policy",
    compacted=True,
)

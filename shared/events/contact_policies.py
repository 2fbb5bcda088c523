"""``contact-policies``: when a tenant may write to its customers, and how often, whatever survey asks."""

from typing import Annotated

import msgspec
from annotated_types import Interval

from shared.events.envelope import Data, Instant, Topic

MAX_CAP_HOURS = 720
"""A longer time between two messages is a quarantine, which is a rule of each survey."""


class QuietHours(Data, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """A part of each day, by the customer's clock, in which nothing leaves; it may go on over midnight.

    Times are written HH:MM, from 00:00 to 23:59.
    """

    start: str
    end: str
    """The first minute in which a message may leave again."""


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

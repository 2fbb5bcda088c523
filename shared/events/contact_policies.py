"""``contact-policies``: when a tenant may write to its customers, and how often, whatever survey asks."""

from typing import Annotated, Literal

import msgspec
from annotated_types import Interval

from shared.events.envelope import Data, Instant, Name, Text, Topic

MAX_CAP_HOURS = 720
"""A longer time between two messages is a quarantine, which is a rule of each survey."""


MAX_RELATIONAL_DISTANCE_DAYS = 90
MAX_FEWER_MONTHS = 24


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
    for_good: bool = False
    """Whether nobody of its customer is asked ever again, until somebody takes that back by hand: of what
    cancels the mails to the same customer."""


CountryNeed = Literal["nothing", "neutral", "existing_customer", "evidence"]
OTHER_COUNTRIES = "*"
MAX_COUNTRIES = 60
MIN_DECLARED_CHARS = 10


class DeclaredBasis(Data, frozen=True, kw_only=True):
    """That a company may ask all its customers of a country, by its own account."""

    wording: Text
    """Why it may, as the company wrote it."""
    by: Text = ""
    """Who declared it: a colleague's name, or that of an API key."""
    at: Instant | None = None


class CountryRule(Data, frozen=True, kw_only=True):
    """What the law of a country asks of a survey, as the company set it."""

    country: Name
    """Two letters of ISO 3166; ``*``: each that has no rule of its own."""
    needs: CountryNeed
    incentives: bool = True
    """Whether a survey may ask there whose answers are rewarded."""
    max_age_days: Annotated[int, Interval(ge=1, le=365)] | None = None
    """After which an event is too old to ask about there; None: each survey's own days."""
    declared: DeclaredBasis | None = None
    """None: evidence is asked of each customer."""


class ContactRules(Data, frozen=True, kw_only=True):
    """When and how often customers may be written to: the only list of these rules and their defaults."""

    quiet_hours: dict[str, QuietHours] = msgspec.field(
        default_factory=lambda: {"mail": QuietHours(start="21:00", end="07:00")}
    )
    """By channel; a channel without an entry has none."""
    sundays: bool = True
    """Whether a mail may leave on a Sunday."""
    holidays: bool = True
    """Whether a mail may leave on a public holiday of the customer's country."""
    sms_sundays: bool = False
    """The same of a text, which wakes people."""
    sms_holidays: bool = False
    cap_hours: Annotated[int, Interval(ge=0, le=MAX_CAP_HOURS)] = 24
    """A contact gets at most one message in so many hours, over all surveys; 0: no limit."""
    counter_events: tuple[CounterEvent, ...] = ()
    """All those that are of an event's type hold."""
    relational_distance_days: Annotated[int, Interval(ge=0, le=MAX_RELATIONAL_DISTANCE_DAYS)] = 14
    """A relational survey asks no contact whom a transactional one asks within so many days; 0: no limit."""
    ask_with_open_case: bool = False
    """Whether somebody is asked while a case about them is open; reminders never are sent meanwhile."""
    countries: tuple[CountryRule, ...] = ()
    """One of each country; without any nothing is checked."""
    ids_are_shared: bool = False
    """Whether one customer id stands for several people, such as an account: then each address of it is a
    person of its own, in quarantines, the cap and opt-outs."""
    fewer_months: Annotated[int, Interval(ge=0, le=MAX_FEWER_MONTHS)] = 6
    """A customer may choose to be asked at most once in so many months; 0: that is not offered."""


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
    compacted=True,
)

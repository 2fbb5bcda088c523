"""At which times a customer may be written to: quiet hours, Sundays and public holidays, by their own clock.

Times are instants. What is forbidden is told by the clock and the calendar of the customer's time zone at
that instant, so both changes of the clock are right: an hour that comes twice is judged twice, one that is
left out never comes.
"""

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Literal

import msgspec

from services.dispatcher.decisions.places import Place
from shared.events import ContactRules, QuietHours
from shared.values.public_holidays import is_public_holiday
from shared.values.zones import zone_of

PostponeRule = Literal["cap", "counter_event", "first_day", "mail_pace", "quiet_hours", "sunday", "holiday"]
"""The rule by which nothing may leave at an instant; ``cap``: another message is too close;
``counter_event``: one holds it; ``first_day``: the survey is new, and the hour has had its mails;
``mail_pace``: the domain of the address has had its mails, or refuses them for now."""
HoldRule = PostponeRule | Literal["holding"]
"""The same at the decision, with ``holding``: the survey's holding time is not over."""
CLOCK_RULES: frozenset[str] = frozenset({"quiet_hours", "sunday", "holiday"})
"""The rules that go by the customer's clock."""
SECONDS_PER_MINUTE, MINUTES_PER_HOUR, MINUTES_PER_DAY = 60, 60, 1440
MAX_STEPS = 1000
"""From one forbidden stretch to the next: more than any calendar of holidays can have in a row."""
MAX_STEPS_OF_ZONES = 100
"""The same by the clocks of several zones, which together may leave no time at all: what is held for so long
is too late, or judged again then."""


STANDARD_SMS_QUIET = QuietHours(start="20:00", end="09:00")
"""Of texts, unless a company has set others: within what the law of every country that has any allows."""


class ContactHours(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """When one customer may be written to by one channel; as it stands here, at any time."""

    zone: str = "UTC"
    others: tuple[str, ...] = ()
    """Further zones in which the customer may live, since nobody knows in which: a time must be allowed in
    each of them."""
    country: str = ""
    """Whose public holidays count; empty: not known, so none."""
    quiet: QuietHours | None = None
    sundays: bool = True
    holidays: bool = True

    @property
    def may_always_be_written_to(self) -> bool:
        """Whether no rule forbids any time."""
        return self.quiet is None and self.sundays and self.holidays

    @property
    def zones(self) -> str:
        """The names of all zones that count, separated by commas."""
        return ",".join((self.zone, *self.others))

    @classmethod
    def of(cls, rules: ContactRules, place: Place, channel: str = "mail") -> "ContactHours":
        """A company's rules for a customer who lives there."""
        return cls(
            zone=place.zone,
            others=place.others,
            country=place.country,
            quiet=quiet_hours_of(rules, channel),
            sundays=rules.sms_sundays if channel == "sms" else rules.sundays,
            holidays=rules.sms_holidays if channel == "sms" else rules.holidays,
        )


def quiet_hours_of(rules: ContactRules, channel: str) -> QuietHours | None:
    """The hours in which nothing leaves by a channel. Texts wake people: where a company has set hours for
    mail alone, they have the standard ones.
    """
    standard = STANDARD_SMS_QUIET if channel == "sms" and rules.quiet_hours else None
    return rules.quiet_hours.get(channel, standard)


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """When a message may leave that was to leave earlier, and the rules that hold it until then."""

    until: datetime
    by: tuple[HoldRule, ...] = ()
    after: datetime | None = None
    """Of ``cap``: when the message left that is too close."""


def next_allowed(at: datetime, hours: ContactHours) -> datetime:
    """The first instant from ``at`` on at which the customer may be written to."""
    return hold(at, hours).until


def hold(at: datetime, hours: ContactHours) -> Hold:
    """The same, with the rules that forbid the time until then, in the order in which they are met."""
    if hours.may_always_be_written_to:
        return Hold(until=at)
    held = _hold_in_minute(int(at.timestamp() // SECONDS_PER_MINUTE), hours)
    return held if held.by else Hold(until=at)


@lru_cache(maxsize=10_000)  # the events of a moment leave in the same minutes
def _hold_in_minute(minute: int, hours: ContactHours) -> Hold:
    """The same for each instant of a minute, counted from 1970: no rule and no clock changes within one."""
    at = datetime.fromtimestamp(minute * SECONDS_PER_MINUTE, UTC)
    by: list[HoldRule] = []
    zones = (hours.zone, *hours.others)
    for _ in range(MAX_STEPS_OF_ZONES if hours.others else MAX_STEPS):
        found = next(
            ((rule, zone) for zone in zones if (rule := _rule_in(zone, at, hours)) is not None), None
        )
        if found is None:
            break
        rule, zone = found
        if rule not in by:
            by.append(rule)
        at = _end_of(rule, zone, at, hours)
    return Hold(until=at, by=tuple(by))


def forbidding_rule(at: datetime, hours: ContactHours) -> HoldRule | None:
    """The rule by which nothing may leave at this instant; None: it may."""
    zones = (hours.zone, *hours.others)
    return next((rule for zone in zones if (rule := _rule_in(zone, at, hours)) is not None), None)


def _rule_in(zone: str, at: datetime, hours: ContactHours) -> HoldRule | None:
    """The same by the clock of one zone."""
    local = at.astimezone(zone_of(zone))
    if not hours.sundays and local.isoweekday() == 7:  # noqa: PLR2004  (ISO: Sunday)
        return "sunday"
    if not hours.holidays and is_public_holiday(local.date(), hours.country):
        return "holiday"
    if hours.quiet is not None and is_quiet(local.hour * MINUTES_PER_HOUR + local.minute, hours.quiet):
        return "quiet_hours"
    return None


def is_quiet(minute: int, quiet: QuietHours) -> bool:
    """Whether this minute of the day is one of the quiet hours; from and to the same: none is."""
    start, end = minute_of(quiet.start), minute_of(quiet.end)
    return start <= minute < end if start <= end else minute >= start or minute < end


@cache
def minute_of(clock_time: str) -> int:
    """The minute of the day of a time that is written HH:MM."""
    hour, _, minute = clock_time.partition(":")
    return int(hour) * MINUTES_PER_HOUR + int(minute)


def _end_of(rule: HoldRule, zone_name: str, at: datetime, hours: ContactHours) -> datetime:
    """The instant at which this rule forbids no more there, or at which the clock is changed before that."""
    zone = zone_of(zone_name)
    local = at.astimezone(zone)
    end = minute_of(hours.quiet.end) if rule == "quiet_hours" and hours.quiet is not None else MINUTES_PER_DAY
    begin = datetime.combine(local.date(), datetime.min.time())
    wait = begin + timedelta(minutes=end) - local.replace(tzinfo=None)
    if wait <= timedelta():
        wait += timedelta(days=1)
    offset, reached = local.utcoffset(), at + wait
    if reached.astimezone(zone).utcoffset() == offset:
        return reached
    # The clock is changed in between: it is judged anew from that moment on.
    before, after = int(at.timestamp()), int(reached.timestamp())
    while after - before > 1:
        middle = (before + after) // 2
        same = datetime.fromtimestamp(middle, zone).utcoffset() == offset
        before, after = (middle, after) if same else (before, middle)
    return datetime.fromtimestamp(after, UTC)

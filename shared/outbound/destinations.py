"""How fast mails go to one destination, the domain of their addresses: pure rules.

A destination may have a limit: so many mails in any hour, or in any minute. They leave evenly, one in each
interval. A mail that comes too early gets a place at the end of the line, and is due again then; so what
waits is looked at once for each place, and not again and again. A destination that refuses mails gets one now
and then until it accepts one again, with or without a limit. No other destination waits for it.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from shared.values.addresses import mailed_domain

PERIOD_UNITS = {"h": timedelta(hours=1), "min": timedelta(minutes=1)}
MAX_LIMIT = 1_000_000
LATE_PARTS = 60
"""A mail that is late by up to this part of the period keeps its place: those behind it need no others."""
REFUSED_RETRY_AFTER_MINUTES = (1, 5, 15, 30)
"""After the first refusal in a row, the second and so on; the last for all later ones."""
HELD_FOR = timedelta(days=1)
"""After the last mail that came back by policy, of a destination from which many did."""
HELD_SPACING = timedelta(minutes=30)
"""Between two mails to a destination that is held: each tries whether it takes mails again."""
MIN_SPACING = timedelta(milliseconds=100)
"""Between two places in a line without a limit: so few mails a second are looked at for a destination that
refuses them."""
OTHER_DOMAINS = "*"
"""In a setting, each destination that is not named."""
_LIMIT_FORM = re.compile(r"([^=\s]+)=([1-9][0-9]{0,6})/(h|min)")
_DOMAIN_FORM = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+")


class DestinationLimit(NamedTuple):
    """At most so many mails in any period of this length."""

    mails: int
    period: timedelta

    @property
    def tolerance(self) -> timedelta:
        """How late a mail may be and keep its place."""
        return self.period / LATE_PARTS

    @property
    def interval(self) -> timedelta:
        """Between the places of two mails.

        Longer than the period's share by the tolerance's: the places of all mails that leave within a period
        lie within the period and the tolerance. Rounded up, so that the last microsecond is no further mail.
        """
        whole = (self.period + self.tolerance) // timedelta(microseconds=1)
        return timedelta(microseconds=-(-whole // self.mails))


class DestinationLimits(NamedTuple):
    """The limits of an installation."""

    named: Mapping[str, tuple[str, DestinationLimit]]
    """By the domain: the first domain of its group, which shares one limit, and that limit."""
    rest: DestinationLimit | None = None
    """Of each domain that is not named; None: it has none."""

    def of(self, domain: str) -> tuple[str, DestinationLimit | None]:
        """What a domain is counted as, and its limit.

        :param domain: as it is on the wire, in lower case.
        """
        return self.named.get(domain, (domain, self.rest))

    def group_of(self, domain: str) -> frozenset[str]:
        """The domains that count as one with it, itself too."""
        name, _ = self.of(domain)
        return frozenset({domain, *(each for each, (first, _) in self.named.items() if first == name)})


NO_LIMITS = DestinationLimits({})


def read_limits(given: str) -> DestinationLimits:
    """The limits that a text such as ``gmail.com+googlemail.com=600/h, *=3000/h`` gives.

    :raises ValueError: with what is wrong and how it is written.
    """
    named: dict[str, tuple[str, DestinationLimit]] = {}
    rest: DestinationLimit | None = None
    for each in filter(None, (part.strip() for part in given.split(","))):
        found = _LIMIT_FORM.fullmatch(each)
        if found is None or int(found[2]) > MAX_LIMIT:
            raise ValueError(f"{each!r} must be like gmail.com=600/h, or 10/min, up to {MAX_LIMIT}")
        domains = [mailed_domain(one).lower() for one in found[1].split("+")]
        limit = DestinationLimit(int(found[2]), PERIOD_UNITS[found[3]])
        for domain in domains:
            if domain in named or (domain == OTHER_DOMAINS and rest is not None):
                raise ValueError(f"{domain!r} has two limits")
            if domain == OTHER_DOMAINS and len(domains) == 1:
                rest = limit
            elif _DOMAIN_FORM.fullmatch(domain) is None:
                raise ValueError(f"{domain!r} must be a domain such as gmail.com, or * alone")
            else:
                named[domain] = (domains[0], limit)
    return DestinationLimits(named, rest)


class MailDestination(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one destination."""

    next_at: datetime
    """Before then none leaves."""
    line_until: datetime
    """Until then those leave that wait already."""
    refused: int = 0
    """How often in a row it has refused mails."""
    held_until: datetime | None = None
    """Until then it gets few mails: many came back by its rules about senders, after it had accepted them."""

    def is_held(self, now: datetime) -> bool:
        """Whether it gets few mails now, whether it accepts them or not."""
        return self.held_until is not None and now < self.held_until

    def leaving(
        self, limit: DestinationLimit | None, now: datetime, *, has_place: bool
    ) -> "tuple[datetime, MailDestination]":
        """When a mail that is due may leave, and the destination with it.

        :param has_place: whether it has waited for a place before; one that has not goes behind those.
        """
        interval = limit.interval if limit is not None else timedelta()
        if self.next_at <= now and (has_place or self.line_until <= now):
            if limit is None and not self.refused and not self.is_held(now):
                return now, self
            on_time = limit is not None and now - self.next_at <= limit.tolerance
            place = self.next_at if on_time else now
            next_at = place + interval
            if self.refused:
                next_at = max(next_at, now + self.wait)
            if self.is_held(now):
                next_at = max(next_at, now + HELD_SPACING)
            return now, msgspec.structs.replace(
                self, next_at=next_at, line_until=max(self.line_until, next_at)
            )
        at = max(self.line_until, self.next_at)
        return at, msgspec.structs.replace(self, line_until=at + max(interval, MIN_SPACING))

    def after_refusal(
        self, limit: DestinationLimit | None, left_at: datetime, now: datetime
    ) -> "MailDestination":
        """The destination when it has refused a mail: the next one tries after a while.

        A mail that was under way already when another one was refused says nothing new.
        """
        interval = limit.interval if limit is not None else timedelta()
        if self.refused and left_at < self.next_at - max(self.wait, interval):
            return self
        refusing = msgspec.structs.replace(self, refused=self.refused + 1)
        next_at = max(self.next_at, now + refusing.wait)
        return msgspec.structs.replace(refusing, next_at=next_at, line_until=max(self.line_until, next_at))

    def after_acceptance(self, limit: DestinationLimit | None, now: datetime) -> "MailDestination":
        """The destination when it has accepted a mail: by its limit again, as from a mail that left now."""
        if not self.refused:
            return self
        if self.is_held(now):  # what it accepts may come back
            return msgspec.structs.replace(self, refused=0)
        next_at = now + (limit.interval if limit is not None else timedelta())
        return msgspec.structs.replace(self, refused=0, next_at=min(self.next_at, next_at))

    def after_returns(self, last_at: datetime, now: datetime) -> "MailDestination":
        """The destination when many of its mails have come back by policy, the last one then."""
        until = last_at + HELD_FOR
        if until <= now or (self.held_until is not None and until <= self.held_until):
            return self
        held = msgspec.structs.replace(self, held_until=until)
        if self.is_held(now):
            return held
        next_at = max(self.next_at, now + HELD_SPACING)
        return msgspec.structs.replace(held, next_at=next_at, line_until=max(self.line_until, next_at))

    @property
    def wait(self) -> timedelta:
        """Until the next try of one that has refused a mail."""
        minutes = REFUSED_RETRY_AFTER_MINUTES
        return timedelta(minutes=minutes[min(self.refused, len(minutes)) - 1])

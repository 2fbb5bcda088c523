"""What a customer has chosen about further questions, on the page that each mail links to. Pure."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol


class StoredPreference(Protocol):
    """A row of ``contact_preference``: at least one of the three is set."""

    @property
    def paused_until(self) -> datetime | None:
        """Until then nothing is sent."""

    @property
    def months(self) -> int | None:
        """At most one question in so many months."""

    @property
    def channel(self) -> str | None:
        """By which nothing is sent: one, or several separated by commas."""


class Preferences(NamedTuple):
    """All that was chosen for a contact, by the address and by the id together."""

    paused_until: datetime | None = None
    """Nothing is sent before then."""
    months: int = 0
    """A question, of whatever survey, comes no sooner than so many months after the last one; 0: whenever the
    company asks."""
    refused_channels: frozenset[str] = frozenset()
    """By which nothing is sent."""

    @classmethod
    def of(cls, stored: Iterable[StoredPreference]) -> "Preferences":
        """Of several, what asks least: the later end, the longer distance, each of the channels."""
        rows = list(stored)
        return cls(
            max((row.paused_until for row in rows if row.paused_until is not None), default=None),
            max((row.months or 0 for row in rows), default=0),
            frozenset(channel for row in rows if row.channel for channel in row.channel.split(",")),
        )

    def pauses(self, at: datetime) -> bool:
        """Whether the customer wants nothing yet at this time."""
        return self.paused_until is not None and at < self.paused_until

    def open_from(self, asked_at: datetime | None) -> datetime | None:
        """From when the customer may be asked again who was asked then; None: at any time."""
        return months_later(asked_at, self.months) if self.months and asked_at is not None else None


NO_PREFERENCES = Preferences()


def months_later(at: datetime, months: int) -> datetime:
    """The same day and time so many months later; the last day of a month that is shorter."""
    year, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + year, month + 1
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))

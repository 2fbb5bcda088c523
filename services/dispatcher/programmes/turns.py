"""When a standing programme asks each customer: pure, so that it is the same after every restart.

A period is gone through in the order of the customers' pseudonyms, which are keyed hashes: their first 64
bits are the place of a customer, from 0 to 1 of the period's length. So places are spread evenly, over all
customers and in each segment, are the same in each period, and nobody's depends on who else is known.
Periods of different surveys begin at different times, by a keyed hash of the survey.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hmac import digest
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.waves.drawing import PLACES, event_for
from shared.events import Transaction
from shared.secrets import derive

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACE_DIGITS = 16
"""Hexadecimal digits of a pseudonym that are the place."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far a programme has come."""

    tenant: str
    survey_id: UUID
    every_days: int
    """The length of the period."""
    period: str
    """The name of the period: the day on which it began by the pace it had then."""
    began_at: datetime
    """When the period would have begun by the pace it has now."""
    position: str
    """The pseudonym before which everybody has been asked in this period, or was left out."""
    published: int = 0
    """For how many customers in this period, tries left out."""

    @property
    def length(self) -> timedelta:
        """Of a period."""
        return timedelta(days=self.every_days)

    @property
    def ends_at(self) -> datetime:
        """When the period ends."""
        return self.began_at + self.length

    @property
    def group(self) -> str:
        """The identity of the period of this survey, as that of a wave."""
        return f"{self.survey_id}/{self.period}"


def begun(secret: str, tenant: str, survey_id: UUID, every_days: int, now: datetime) -> Progress:
    """A programme that asks from now on: at the same time always in the same period and at the same place."""
    length = timedelta(days=every_days)
    shift = digest(derive(secret, "programmes"), f"{survey_id}/{tenant}".encode(), "sha256")
    first = EPOCH + _share(length, int.from_bytes(shift[:8]))
    began_at = first + (now - first) // length * length
    progress = Progress(
        tenant=tenant,
        survey_id=survey_id,
        every_days=every_days,
        period=_name(began_at),
        began_at=began_at,
        position="",
    )
    return without_missed(progress, now)


def slot_of(progress: Progress, person: str) -> datetime:
    """When the customer's turn comes in this period."""
    return time_at(progress, place_of(person))


def place_of(position: str) -> int:
    """The place of a pseudonym, or up to which one with a beginning like this has come."""
    return int(position[:_PLACE_DIGITS] or "0", 16)


def name_of_place(place: int) -> str:
    """The beginning of the pseudonyms at a place."""
    return f"{place:0{_PLACE_DIGITS}x}"


def time_at(progress: Progress, place: int) -> datetime:
    """When the programme comes to a place in this period."""
    return progress.began_at + _share(progress.length, place)


def reached(progress: Progress, now: datetime) -> str | None:
    """Up to which pseudonym the turn has come; None: of everybody in this period."""
    elapsed = max(timedelta(), now - progress.began_at)
    place = ((elapsed // _MICROSECOND) << 64) // (progress.length // _MICROSECOND)
    return name_of_place(place) if place < PLACES else None


def without_missed(progress: Progress, earliest: datetime) -> Progress:
    """The same without those whose turn came before a time: they are asked in the next period."""
    if (periods := (earliest - progress.began_at) // progress.length) > 0:
        progress = next_period(progress, periods)
    until = reached(progress, earliest)
    return replace(progress, position=max(progress.position, until or ""))


def next_period(progress: Progress, periods: int = 1) -> Progress:
    """The beginning of the next period, or of one of those behind it."""
    began_at = progress.began_at + periods * progress.length
    return replace(progress, period=_name(began_at), began_at=began_at, position="", published=0)


def at_pace(progress: Progress, every_days: int) -> Progress:
    """The same with periods of another length: it goes on from where it is, so nobody comes twice in one."""
    if every_days == progress.every_days:
        return progress
    place = place_of(progress.position)
    at = time_at(progress, place)
    began_at = at - _share(timedelta(days=every_days), place)
    return replace(progress, every_days=every_days, began_at=began_at)


def after_page(progress: Progress, until: str | None, persons: Sequence[str], *, is_full: bool) -> Progress:
    """The same once these customers, the next ones up to a pseudonym, were published.

    :param until: as :func:`reached` said it; at the period's end the next one begins.
    :param is_full: there may be more customers than these.
    """
    position = persons[-1] if is_full else max(progress.position, until or "")
    moved = replace(progress, position=position, published=progress.published + len(persons))
    return next_period(moved) if until is None and not is_full else moved


def event_of(progress: Progress, profile: CustomerProfile, now: datetime) -> Transaction:
    """The event by which a customer is asked in this period, which happens when their turn comes."""
    slot = slot_of(progress, profile.person)
    return event_for(progress.group, progress.survey_id, profile, occurred_at=slot, now=now)


def _share(length: timedelta, place: int) -> timedelta:
    return timedelta(microseconds=(length // _MICROSECOND) * place >> 64)


def _name(began_at: datetime) -> str:
    return began_at.date().isoformat()

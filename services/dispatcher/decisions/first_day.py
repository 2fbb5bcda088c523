"""The pace of a new survey: on its first day only so many mails leave in an hour, and the others wait.

The day and its hours are counted from its first mail, however long after the start of the survey that one
leaves. A mail that finds its hour
full gets a place in the first later hour that has one, at its own moment of it, so that what waits leaves
evenly and not all at once; where no hour has one, it waits until the day is over. The places of each hour are
counted once, whether their mails have left or are to leave.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.dispatcher.decisions.hours import Hold

HOURS = 24
FIRST_DAY = timedelta(hours=HOURS)
HOUR = timedelta(hours=1)


class MailPlace(NamedTuple):
    """When a mail may leave, and the places of the hours as they are with it."""

    at: datetime
    counts: tuple[int, ...]
    """Of each hour, those with a mail."""


def first_day_end(per_hour: int, began_at: datetime | None, at: datetime) -> datetime | None:
    """When the first day ends on which a survey's mails are counted; None: at this time they are not.

    :param per_hour: 0 is no limit.
    :param began_at: when the first of its mails took a place; None: none has.
    """
    if began_at is None or per_hour == 0 or at >= began_at + FIRST_DAY:
        return None
    return began_at + FIRST_DAY


def find_place(
    began_at: datetime,
    per_hour: int,
    counts: Sequence[int],
    now: datetime,
    promised_at: datetime | None,
    hold_at: Callable[[datetime], Hold],
) -> MailPlace:
    """Give a mail that is due a place: now, if its hour has one left.

    :param began_at: when the first of its mails took a place; of that mail, now.
    :param per_hour: how many places an hour has.
    :param counts: how many of them are taken, by hour.
    :param promised_at: where the mail has a place already: its time. Its hour may be over, or have fewer
        places than then.
    :param hold_at: until when a mail that is to leave at some time is held by the customer's hours.
    """
    taken = [*counts, *([0] * (HOURS - len(counts)))][:HOURS]
    hour = hour_of(began_at, now)
    if promised_at is not None and hour_of(began_at, promised_at) == hour:
        taken[hour] = max(0, taken[hour] - 1)
    at = now
    while (hour := hour_of(began_at, at)) < HOURS:
        if taken[hour] >= per_hour:
            at = began_at + (hour + 1) * HOUR
            continue
        if at > now:
            at = max(at, began_at + (hour + taken[hour] / per_hour) * HOUR)
        held_until = hold_at(at).until
        if held_until == at:
            taken[hour] += 1
            return MailPlace(at=at, counts=tuple(taken))
        at = held_until
    return MailPlace(at=hold_at(at).until, counts=tuple(taken))


def without_place(counts: Sequence[int], hour: int) -> tuple[int, ...]:
    """The places when one mail of this hour has certainly not left."""
    return tuple(max(0, count - 1) if n == hour else count for n, count in enumerate(counts))


def hour_of(began_at: datetime, at: datetime) -> int:
    """The hour of the first day, from 0; 24 and more are after it."""
    return max(0, (at - began_at) // HOUR)

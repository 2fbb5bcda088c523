"""Places on a survey's first day: taken when a mail is about to leave, with the survey's row of them locked.

All processes that send count in this one row, so an hour never gets more mails than it has places, and the
day begins once: with the first place that is taken. Once it is over nothing is read or written.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from services.dispatcher.decisions.first_day import find_place, first_day_end, hour_of, without_place
from services.dispatcher.decisions.hours import Hold
from services.dispatcher.decisions.values import CandidateSurvey
from services.dispatcher.repository import first_days as rows
from services.dispatcher.repository.first_days import Places
from shared.db import UnitOfWork
from shared.events import Invitation


class FirstDay(NamedTuple):
    """The first day of a survey that may ask customers, before it begins and while it lasts."""

    survey: CandidateSurvey
    first_live_at: datetime

    def began_at(self, places: Places) -> datetime | None:
        """When it began, by the row of its places; None: it has not.

        A version before this one wrote places without it, and counted from when the survey could first ask.
        """
        return places.began_at or (self.first_live_at if places.counts else None)


def first_day_of(
    survey: CandidateSurvey | None,
    first_live_at: datetime | None,
    began_at: datetime | None,
    now: datetime,
) -> FirstDay | None:
    """The survey's first day; None: it is over, or has begun without a limit, or there is none."""
    if survey is None or first_live_at is None:
        return None
    if began_at is not None and first_day_end(survey.first_day_per_hour, began_at, now) is None:
        return None
    return FirstDay(survey, first_live_at)


async def take_place(
    uow: UnitOfWork,
    tenant: str,
    day: FirstDay,
    invitation: Invitation,
    hold_at: Callable[[datetime], Hold],
) -> Hold:
    """Take a place for a mail that is due; until when it must wait, where its place is a later one.

    The row of places is locked before those of contacts: whoever waits for it holds none of them. A survey
    without a limit begins its day, too: a limit that it gets later does not begin one.
    """
    places = await rows.lock_places(uow, tenant, day.survey.id)
    began_at = day.began_at(places) or uow.now
    per_hour = day.survey.first_day_per_hour
    at, counts = uow.now, places.counts
    if per_hour > 0:
        promised_at = invitation.due_at if invitation.reason == "first_day" else None
        at, counts = find_place(began_at, per_hour, counts, uow.now, promised_at, hold_at)
    if places != (counts, began_at):
        await rows.write_places(uow, tenant, day.survey.id, counts, began_at)
    return Hold(until=at, by=("first_day",) if at > uow.now else ())


async def give_place_back(uow: UnitOfWork, tenant: str, day: FirstDay, taken_at: datetime) -> None:
    """The mail has certainly not left this time, so another one may leave in its hour.

    Where nobody has a place any more the day has not begun. A survey without a limit has given it none: there
    is nothing to give back, and nobody knows which other mails of the day have left.
    """
    if day.survey.first_day_per_hour == 0:
        return
    places = await rows.lock_places(uow, tenant, day.survey.id)
    began_at = day.began_at(places)
    if began_at is None:
        return
    counts = without_place(places.counts, hour_of(began_at, taken_at))
    if not any(counts):
        counts, began_at = (), None
    await rows.write_places(uow, tenant, day.survey.id, counts, began_at)

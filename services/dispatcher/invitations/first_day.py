"""Places on a survey's first day: taken when a mail is about to leave, with the survey's row of them locked.

All processes that send count in this one row, so an hour never gets more mails than it has places. Once the
day is over nothing is read or written.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from services.dispatcher.decisions.first_day import find_place, first_day_end, hour_of, without_place
from services.dispatcher.decisions.hours import Hold
from services.dispatcher.decisions.values import CandidateSurvey
from services.dispatcher.repository import first_days as rows
from shared.db import UnitOfWork
from shared.events import Invitation


class FirstDay(NamedTuple):
    """The first day of a survey, while it lasts."""

    survey: CandidateSurvey
    began_at: datetime


def first_day_of(
    survey: CandidateSurvey | None, first_live_at: datetime | None, now: datetime
) -> FirstDay | None:
    """The survey's first day; None: it is over, or has no limit."""
    if survey is None or first_live_at is None:
        return None
    ends_at = first_day_end(survey.first_day_per_hour, first_live_at, now)
    return FirstDay(survey, first_live_at) if ends_at is not None else None


async def take_place(
    uow: UnitOfWork,
    tenant: str,
    day: FirstDay,
    invitation: Invitation,
    hold_at: Callable[[datetime], Hold],
) -> Hold:
    """Take a place for a mail that is due; until when it must wait, where its place is a later one.

    The row of places is locked before those of contacts: whoever waits for it holds none of them.
    """
    counts = await rows.lock_counts(uow, tenant, day.survey.id)
    place = find_place(
        day.began_at,
        day.survey.first_day_per_hour,
        counts,
        uow.now,
        promised_at=invitation.due_at if invitation.reason == "first_day" else None,
        hold_at=hold_at,
    )
    if place.counts != counts:
        await rows.write_counts(uow, tenant, day.survey.id, place.counts)
    return Hold(until=place.at, by=("first_day",) if place.at > uow.now else ())


async def give_place_back(uow: UnitOfWork, tenant: str, day: FirstDay, taken_at: datetime) -> None:
    """The mail has certainly not left this time, so another one may leave in its hour."""
    counts = await rows.lock_counts(uow, tenant, day.survey.id)
    freed = without_place(counts, hour_of(day.began_at, taken_at))
    await rows.write_counts(uow, tenant, day.survey.id, freed)

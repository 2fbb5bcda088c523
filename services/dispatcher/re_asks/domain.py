"""When the customer of a case is asked again, and by which event. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.waves.drawing import event_for
from shared.events import Transaction
from shared.events.transactions import RECOVERY_SOURCE, RECOVERY_TYPE


class RecoverySurvey(Struct, frozen=True, kw_only=True):
    """The survey by which a company asks again."""

    tenant: str
    id: UUID
    recovery_days: int
    max_age_days: int


class Turns(NamedTuple):
    """Of what time cases are whose customers are asked now: after the first instant, up to the second."""

    since: datetime
    until: datetime


class DueCase(NamedTuple):
    """A case whose customer is to be asked again, and as what the customer is known."""

    id: UUID
    began_at: datetime
    """When it was closed; of one of whom nobody was reached and that was never closed, when it was opened."""
    segments: Mapping[str, str]
    organisation: tuple[str, ...]
    profile: CustomerProfile


def turns_at(survey: RecoverySurvey, now: datetime) -> Turns:
    """The cases whose turn has come by now, and not so long ago that the survey asks no more."""
    until = now - timedelta(days=survey.recovery_days)
    return Turns(until - timedelta(days=survey.max_age_days), until)


def event_of(survey: RecoverySurvey, case: DueCase, now: datetime) -> Transaction:
    """The event by which the customer is asked again: it is that of the case, which asks once by it.

    It belongs to the segments of the case, so that whoever worked on that sees what came of it.
    """
    due_at = case.began_at + timedelta(days=survey.recovery_days)
    asked = event_for(str(case.id), survey.id, case.profile, occurred_at=due_at, now=now)
    return replace(
        asked,
        id=str(case.id),
        source=f"{RECOVERY_SOURCE}{survey.id}",
        type=f"{RECOVERY_TYPE}{survey.id}",
        segments=dict(case.segments),
        organisation=case.organisation,
    )

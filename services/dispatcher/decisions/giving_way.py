"""Which mails that wait give way to another one to the same contact. Pure.

A relational mail takes the day of those about events. And until it has left, a mail of a survey with a
holding time gives way to an event that a survey earlier in the company's order asks about: the order says
which event is worth more, and not which came first.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.dispatcher.decisions.frequency import is_too_frequent
from services.dispatcher.decisions.relational import RELATIONAL_FIRST, unsent_on_day
from services.dispatcher.decisions.scopes import Asked
from services.dispatcher.decisions.values import CandidateSurvey, Person, Replaced

OUTRANKED: Final = "outranked"
"""Why a mail is not sent that gave way to the event of a survey earlier in the order."""


def outranked_surveys(survey: CandidateSurvey, surveys: Sequence[CandidateSurvey]) -> frozenset[UUID]:
    """The surveys behind this one whose mails give way to its own: those with a holding time.

    :param surveys: the company's, in their order.
    """
    found: set[UUID] = set()
    for each in reversed(surveys):
        if each.id == survey.id:
            return frozenset(found)
        if each.is_held:
            found.add(each.id)
    return frozenset()


def yielding_to(survey: CandidateSurvey, at: datetime, person: Person) -> tuple[Asked, ...]:
    """The mails about events that have not left, and do not if this relational survey asks on their day."""
    if survey.measurement != "relational" or person.test_address:
        return ()
    return unsent_on_day(person.asked, "transactional", at, person.company_zone)


def outranked_by(
    survey: CandidateSurvey, at: datetime, person: Person, outranked: Collection[UUID]
) -> tuple[Asked, ...]:
    """The mails in holding time that have not left, for which alone this survey could not ask at this time.

    None where it may ask beside them. Only what forbids it gives way: by its quarantine, or the cap.
    """
    if not outranked or not is_too_frequent(survey, at, person):
        return ()
    return tuple(
        each
        for each in person.asked
        if each.unsent_about is not None
        and each.measurement == "transactional"
        and each.survey_id in outranked
        and is_too_frequent(survey, at, _asked_only(person, [each]))
    )


def without(person: Person, mails: Collection[Asked]) -> Person:
    """The person as if these mails had never been to leave."""
    return _asked_only(person, [each for each in person.asked if each not in mails]) if mails else person


def _asked_only(person: Person, asked: Sequence[Asked]) -> Person:
    last = max((each.at for each in asked), default=None)
    return msgspec.structs.replace(person, asked=tuple(asked), invited_at=last)


def replaced_by(
    survey: CandidateSurvey, at: datetime, person: Person, outranked: Collection[UUID]
) -> tuple[Replaced, ...]:
    """All mails that give way to one of this survey at this time, which may be asked then."""
    of_day = yielding_to(survey, at, person)
    behind = outranked_by(survey, at, without(person, of_day), outranked)
    return (
        *(Replaced(each.unsent_about, RELATIONAL_FIRST) for each in of_day if each.unsent_about),
        *(Replaced(each.unsent_about, OUTRANKED) for each in behind if each.unsent_about),
    )

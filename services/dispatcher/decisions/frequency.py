"""How often one contact is asked: the quarantine, and the cap over all surveys. Pure."""

from datetime import datetime
from typing import NamedTuple

from services.dispatcher.decisions.durations import days, hours
from services.dispatcher.decisions.scopes import Asked, last_asked
from services.dispatcher.decisions.values import CandidateSurvey, Person


def last_asked_by(survey: CandidateSurvey, person: Person) -> datetime | None:
    """When the person was last asked within the scope of the survey's quarantine; None: never.

    When the mail leaves, what has not left counts no more: whichever leaves first forbids the other.
    """
    if survey.quarantine_scope == "any":
        return _last_question(person)
    asked = (*person.asked, *left_of(person))
    return last_asked(asked, survey.quarantine_scope, survey.measurement, survey.touchpoint, survey.id)


def _last_question(person: Person) -> datetime | None:
    """When the person was last asked by any survey; None: never."""
    if person.invited_at is None or person.left_at is None:
        return person.invited_at or person.left_at
    return max(person.invited_at, person.left_at)


def left_of(person: Person) -> tuple[Asked, ...]:
    """What those of our own mails asked that have left, when another one is about to."""
    asked = person.asked_by_us
    return tuple(each for each in asked if each.unsent_about is None) if asked else ()


def is_in_quarantine(survey: CandidateSurvey, at: datetime, person: Person) -> bool:
    """Whether the last mail is too recent. After exactly so many days a customer may be asked again.

    A survey without days asks at any time, also before a mail that waits. Whatever the days are, a customer
    who wants fewer questions is asked no sooner than that.
    """
    open_from = _open_from(survey, person)
    wished_from = person.preferences.open_from(_last_question(person)) if person.preferences.months else None
    return (open_from is not None and at < open_from) or (wished_from is not None and at < wished_from)


def _open_from(survey: CandidateSurvey, person: Person) -> datetime | None:
    """From when the survey's own quarantine lets it ask; None: at any time."""
    if person.test_address or not survey.quarantine_days:
        return None
    asked_at = last_asked_by(survey, person)
    return asked_at + days(survey.quarantine_days) if asked_at is not None else None


class Quarantine(NamedTuple):
    """By what a survey may not ask yet."""

    asked_at: datetime | None
    """When the contact was last asked, within the scope of what keeps the survey longest."""
    wished_months: int | None = None
    """Where that is the customer's wish for fewer questions: its months."""


def quarantine_of(survey: CandidateSurvey, person: Person) -> Quarantine:
    """Which of the two counts is the larger one, the survey's days or the customer's wish."""
    if person.preferences.months:
        last = _last_question(person)
        own, wished = _open_from(survey, person), person.preferences.open_from(last)
        if wished is not None and (own is None or wished > own):
            return Quarantine(last, person.preferences.months)
    return Quarantine(last_asked_by(survey, person))


def is_capped(last_message_at: datetime | None, at: datetime, cap_hours: int) -> bool:
    """Whether a message to the contact at this time would come too soon after another one, or before it.

    After exactly so many hours there may be another one.
    """
    return last_message_at is not None and abs(at - last_message_at) < hours(cap_hours)


def is_too_frequent(survey: CandidateSurvey, at: datetime, person: Person) -> bool:
    """Whether one of the two forbids this survey to ask at this time; of a test address only its own wish."""
    capped = not person.test_address and is_capped(person.invited_at, at, person.cap_hours)
    return capped or is_in_quarantine(survey, at, person)

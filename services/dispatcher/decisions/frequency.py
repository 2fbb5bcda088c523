"""How often one contact is asked: the quarantine, and the cap over all surveys. Pure."""

from datetime import datetime, timedelta

from services.dispatcher.decisions.scopes import Asked, last_asked
from services.dispatcher.decisions.values import CandidateSurvey, Person


def last_asked_by(survey: CandidateSurvey, person: Person) -> datetime | None:
    """When the person was last asked within the scope of the survey's quarantine; None: never.

    When the mail leaves, what has not left counts no more: whichever leaves first forbids the other.
    """
    if survey.quarantine_scope == "any":
        times = (at for at in (person.invited_at, person.left_at) if at is not None)
        return max(times, default=None)
    asked = (*person.asked, *left_of(person))
    return last_asked(asked, survey.quarantine_scope, survey.measurement, survey.touchpoint, survey.id)


def left_of(person: Person) -> tuple[Asked, ...]:
    """What those of our own mails asked that have left, when another one is about to."""
    return tuple(each for each in person.asked_by_us if each.unsent_about is None)


def is_in_quarantine(survey: CandidateSurvey, at: datetime, person: Person) -> bool:
    """Whether the last mail is too recent. After exactly so many days a customer may be asked again.

    A survey without days asks at any time, also before a mail that waits.
    """
    if (
        person.test_address
        or not survey.quarantine_days
        or (asked_at := last_asked_by(survey, person)) is None
    ):
        return False
    return at - asked_at < timedelta(days=survey.quarantine_days)


def is_capped(last_message_at: datetime | None, at: datetime, cap_hours: int) -> bool:
    """Whether a message to the contact at this time would come too soon after another one, or before it.

    After exactly so many hours there may be another one.
    """
    return last_message_at is not None and abs(at - last_message_at) < timedelta(hours=cap_hours)


def is_too_frequent(survey: CandidateSurvey, at: datetime, person: Person) -> bool:
    """Whether one of the two forbids this survey to ask at this time; neither does a test address."""
    capped = not person.test_address and is_capped(person.invited_at, at, person.cap_hours)
    return capped or is_in_quarantine(survey, at, person)

"""When a mail leaves: by delay and holding time, the customer's hours, counter-events and the cap. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from services.dispatcher.decisions.durations import days, hours, minutes
from services.dispatcher.decisions.hours import Hold, HoldRule, hold
from services.dispatcher.decisions.values import CandidateSurvey, Person


class Leaving(NamedTuple):
    """When a survey's mail about an event would leave."""

    wanted_at: datetime
    """By its delay alone."""
    held_until: datetime
    """And not before the survey's holding time is over."""
    hold: Hold
    """What else holds it from then on."""

    @property
    def due_at(self) -> datetime:
        """When nothing holds it any more."""
        return self.hold.until

    @property
    def held_by(self) -> tuple[HoldRule, ...]:
        """The rules that hold it, in the order in which they are met."""
        return ("holding", *self.hold.by) if self.held_until > self.wanted_at else self.hold.by


def leaving(survey: CandidateSurvey, occurred_at: datetime, now: datetime, person: Person) -> Leaving:
    """When the survey's mail would leave, or its link be shown: never in the past."""
    if person.waits_for_nothing:
        return Leaving(now, now, Hold(until=now))
    wanted_at = max(occurred_at + minutes(survey.delay_minutes), now)
    held_until = max(wanted_at, occurred_at + survey.holding) if survey.is_held else wanted_at
    return Leaving(wanted_at, held_until, hold_for(person, held_until))


def hold_for(person: Person, at: datetime) -> Hold:
    """Until when a mail that was to leave then is held."""
    if person.waits_for_nothing:
        return Hold(until=at)
    countered_until = person.countered.held_until
    if countered_until is None or countered_until <= at:
        return hold(at, person.hours)
    held = hold(countered_until, person.hours)
    return Hold(until=held.until, by=("counter_event", *held.by))


LatenessReason = Literal["cap", "countered", "first_day", "mail_pace", "quiet_dropped"]
REASONS_OF_HOLDS: Mapping[HoldRule, LatenessReason] = {
    "cap": "cap",
    "counter_event": "countered",
    "first_day": "first_day",
    "mail_pace": "mail_pace",
}
"""By the rule that holds a mail first; the others are about the customer's hours."""


def reason_of_hold(held: Hold) -> LatenessReason:
    """Why a mail is not sent that would be too late when it may leave again."""
    return REASONS_OF_HOLDS.get(held.by[0], "quiet_dropped") if held.by else "quiet_dropped"


def hold_after(person: Person, last_message_at: datetime) -> Hold:
    """Until when a mail is held because another message to the contact is too close."""
    held = hold(last_message_at + hours(person.cap_hours), person.hours)
    return Hold(until=held.until, by=("cap", *held.by), after=last_message_at)


def is_too_old(max_age_days: int, occurred_at: datetime, at: datetime) -> bool:
    """Whether the customer would be asked about something long ago."""
    return at - occurred_at > days(max_age_days)

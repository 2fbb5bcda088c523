"""The scope of a quarantine: which earlier question keeps a contact from being asked. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.events import Transaction
from shared.events.segments import TOUCHPOINT
from shared.events.surveys import Measurement, QuarantineScope
from shared.values.text import normalized_text


class Asked(NamedTuple):
    """One time at which a contact was asked, by us or by another system."""

    at: datetime
    """When the mail was due, or when the other system asked."""
    elsewhere: bool = False
    measurement: str | None = None
    """None: nothing is known but the time."""
    touchpoint: str | None = None
    survey_id: UUID | None = None
    unsent_about: UUID | None = None
    """The event that it asks about, while our mail has not left; None: it has, or it is not known."""

    def counts(
        self, scope: QuarantineScope, measurement: Measurement, touchpoint: str | None, survey_id: UUID
    ) -> bool:
        """Whether a survey of this measurement, about this touchpoint, with this scope has to regard it.

        What is not known counts, since that can only ask less. Questions about no touchpoint are about the
        same one; another system that tells no touchpoint asked about none of ours.
        """
        if scope == "any" or self.measurement is None:
            return True
        if scope == "measurement":
            return self.measurement == measurement
        if scope == "touchpoint":
            return self.touchpoint == touchpoint and not (self.elsewhere and self.touchpoint is None)
        return self.survey_id == survey_id


def last_asked(
    asked: Iterable[Asked],
    scope: QuarantineScope,
    measurement: Measurement,
    touchpoint: str | None,
    survey_id: UUID,
) -> datetime | None:
    """When the contact was last asked within the scope; None: never."""
    times = (each.at for each in asked if each.counts(scope, measurement, touchpoint, survey_id))
    return max(times, default=None)


def one_touchpoint(of_event: str | None, of_survey: str | None) -> str | None:
    """What is asked about, in the form in which it is compared: the event's touchpoint, else the survey's."""
    return normalized_text(of_event or "") or normalized_text(of_survey or "") or None


def segments_asked_about(transaction: Transaction, touchpoint: str | None) -> dict[str, str]:
    """The event's dimensions and values, with the survey's touchpoint where the event names none."""
    if touchpoint is None or names_touchpoint(transaction):
        return transaction.segments
    return {**transaction.segments, TOUCHPOINT: touchpoint}


def names_touchpoint(transaction: Transaction) -> bool:
    """Whether the event itself says what it is about."""
    return one_touchpoint(transaction.segments.get(TOUCHPOINT), None) is not None


def stored_segment(segment: str) -> str:
    """A segment as the rows of decisions have it: U+001F separates them on their way to the database."""
    return segment.replace("\x1f", " ")

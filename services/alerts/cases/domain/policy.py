"""What holds for the cases of all companies alike: a value that each deciding function is given."""

from datetime import timedelta

import msgspec

from shared.events.cases import OBJECTION_WITHIN
from shared.events.surveys import MAX_EDIT_HOURS


class CasePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as too old, and how cases are numbered; what a company sets itself are its rules."""

    opens_within: timedelta = timedelta(hours=MAX_EDIT_HOURS)
    """An answer that a customer changes later than this after its first score opens no case: no survey lets
    it be changed for longer."""
    mailed_within: timedelta = timedelta(hours=48)
    """What a customer said longer ago than this is not mailed to the team."""
    quiet_after: timedelta = timedelta(minutes=2)
    """A customer who has not sent the answer is taken to have finished after this long without a change."""
    address_shown_for: timedelta = timedelta(hours=1)
    """How long the customer's address stays readable for the person who asked for it."""

    waits_at_most: timedelta = timedelta(days=60)
    """How long a case may wait for its customer at a time."""
    objection_within: timedelta = OBJECTION_WITHIN
    """How long after a case was closed its customer may say that it is not."""
    no_contact_tries: int = 3
    no_contact_channels: int = 2
    no_contact_spread: timedelta = timedelta(days=5)
    """A case ends without contact after so many tries, by so many ways, over at least so long."""

    moment: timedelta = timedelta(minutes=10)
    """A refusal says that the other change was made a moment ago if it is younger than this."""
    shortest_number_digits: int = 6
    longest_number_digits: int = 9
    """Of the number that people call a case by."""
    attempts_per_length: int = 3
    """After so many numbers that were taken, a case's number gets one more digit."""


def current_policy() -> CasePolicy:
    """The policy of all companies. The one place that makes it; everything else is handed it."""
    return CasePolicy()

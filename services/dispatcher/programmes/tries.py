"""When a turn that was refused for a passing reason is tried again: pure, as the turns themselves.

Each try is at the same distance from everybody's turn, so tries go through the period behind the turns, in
the same order and at the same pace. The step from one place to the next one says whose tries come in it:
nothing more is stored, each comes once, and they are spread as evenly as the turns.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.programmes.turns import Progress, name_of_place, place_of, time_at
from services.dispatcher.waves.drawing import PLACES, event_for
from shared.events import Transaction
from shared.events.surveys import MAX_EVERY_DAYS

MAX_DAYS_BETWEEN_TRIES = 7
TRIES_OF_SHORT_PERIOD = 7
"""A period that is too short for weekly tries has about so many."""
FIRST_TRY = 1
MISSED_TRIES = 2
"""Whoever missed more of them, since the survey was paused for long, waits for the next turn: else all who
wait would come within a week."""
PASSING_REASONS = frozenset(
    {
        "company_paused",
        "paused",
        "paused_by_customer",
        "countered",
        "case_open",
        "too_old",
        "quiet_dropped",
        "first_day",
        "mail_pace",
        "relational_first",
        "quarantine",
        "relational_distance",
        "cap",
        "test_mode",
        "expired",
    }
)
"""Why somebody was not asked, or got no mail, who may be asked later in the period. ``countered`` is one
where the counter-event holds mails, and none where it cancels them."""


class TryRange(NamedTuple):
    """The customers whose n-th try comes in a step: those of these pseudonyms."""

    number: int
    first: str
    until: str | None
    """None: the last one, too."""


def days_between(every_days: int) -> int:
    """How many days after its turn, and after each try, a refused customer is tried again."""
    return max(1, min(MAX_DAYS_BETWEEN_TRIES, every_days // TRIES_OF_SHORT_PERIOD))


def tries_of(every_days: int) -> int:
    """How often a customer is tried at most, the turn itself counted: the last time before the next turn."""
    return (every_days - 1) // days_between(every_days) + 1


def ranges_between(progress: Progress, moved: Progress) -> Iterator[TryRange]:
    """Whose tries come in the step from one place to the next, which may be the end of the period."""
    begin = place_of(progress.position)
    end = place_of(moved.position) if moved.began_at == progress.began_at else PLACES
    for number in range(FIRST_TRY + 1, tries_of(progress.every_days) + 1):
        behind = _behind(progress.every_days, number)
        for first, until in _places(begin - behind, end - behind):
            yield TryRange(number, name_of_place(first), name_of_place(until) if until < PLACES else None)


def oldest_try(progress: Progress, now: datetime) -> datetime:
    """Whose last try was decided before this is not tried again in the period."""
    return now - (MISSED_TRIES + 1) * timedelta(days=days_between(progress.every_days))


def try_again(
    progress: Progress, number: int, period: str, profile: CustomerProfile, now: datetime
) -> Transaction | None:
    """The event of a try, which happens when it comes; None where a later one of the customer has come.

    :param period: of the turn, which may be the period before.
    """
    place = (place_of(profile.person) + _behind(progress.every_days, number)) % PLACES
    at = time_at(progress, place)
    if at <= now - timedelta(days=days_between(progress.every_days)):
        return None
    group = group_of_try(progress.survey_id, period, number)
    return event_for(group, progress.survey_id, profile, occurred_at=at, now=now)


def groups_of(progress: Progress) -> list[str]:
    """Those of all tries that there may be in this period, at whatever pace."""
    tries = range(FIRST_TRY, tries_of(MAX_EVERY_DAYS) + 1)
    return [group_of_try(progress.survey_id, progress.period, number) for number in tries]


def group_of_try(survey_id: UUID, period: str, number: int) -> str:
    """The identity of a try of a period: of the first one that of the period itself."""
    return f"{survey_id}/{period}" if number == FIRST_TRY else f"{survey_id}/{period}/{number}"


def _behind(every_days: int, number: int) -> int:
    """How many places behind the turns the n-th tries go through the period."""
    return PLACES * (number - FIRST_TRY) * days_between(every_days) // every_days


def _places(first: int, until: int) -> Iterator[tuple[int, int]]:
    """The places between two, of which those below 0 are of the end of the period before."""
    if first < min(until, 0):
        yield first + PLACES, min(until, 0) + PLACES
    if max(first, 0) < until:
        yield max(first, 0), until

"""When the last mail of a wave is expected to leave, by the survey's first day and the company's hours. Pure.

It is told before anybody is asked, so it knows neither the customers' own hours nor who will not be asked,
and takes the wave for the only one whose mails leave then.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.dispatcher.decisions.first_day import FIRST_DAY, HOUR, HOURS, first_day_end, hour_of
from services.dispatcher.decisions.hours import ContactHours, next_allowed
from services.dispatcher.waves.drawing import Wave

LEAST_MAIL = 1e-6
"""What rounding leaves of a mail is none."""


class MailPace(NamedTuple):
    """What the mails of a survey wait for."""

    delay: timedelta
    """Between the event of a customer and their mail."""
    per_hour: int
    """The mails that leave at most in each hour of the survey's first day; 0: no limit."""
    first_day_began_at: datetime | None
    """None: it has not, or it was not kept."""
    awaits_first_day: bool
    """Whether that day begins with the first mail."""
    hours: ContactHours
    """When the company writes, by its own clock."""


def last_mail_of(wave: Wave, pace: MailPace) -> datetime | None:
    """When the last mail of a wave is expected to leave; None: it has none."""
    mails = wave.size if wave.chosen is None else wave.chosen
    begins_at = wave.started_at or wave.start_at
    spread = timedelta(hours=wave.spread_hours)
    if wave.state == "stopped":
        mails, spread = wave.published, min(spread, (wave.ended_at or begins_at) - begins_at)
    return last_mail_at(mails, begins_at, spread, pace) if mails else None


def last_mail_at(mails: int, begins_at: datetime, spread: timedelta, pace: MailPace) -> datetime:
    """When the last of so many mails is expected to leave.

    :param begins_at: when the first customer is reached.
    :param spread: over which time they all are, evenly.
    """
    first, due_by = begins_at + pace.delay, begins_at + pace.delay + spread
    began_at = next_allowed(first, pace.hours) if pace.awaits_first_day else pace.first_day_began_at
    after_day = first_day_end(pace.per_hour, began_at, first)
    if after_day is None:
        return next_allowed(due_by, pace.hours)
    day, last = after_day - FIRST_DAY, due_by
    waiting = mails * _share(first, due_by, first, day) if first < day else 0.0
    for hour in range(hour_of(day, first), HOURS):
        begin = day + hour * HOUR
        due = mails * _share(first, due_by, begin, begin + HOUR)
        places = pace.per_hour if next_allowed(begin, pace.hours) == begin else 0
        leaving = min(waiting + due, places)
        if waiting > LEAST_MAIL and leaving > LEAST_MAIL:
            last = max(last, begin + leaving / places * HOUR)
        waiting += due - leaving
    return next_allowed(max(last, after_day) if waiting > LEAST_MAIL else last, pace.hours)


def _share(first: datetime, last: datetime, begin: datetime, end: datetime) -> float:
    """Which part of what is due evenly between two times is due in this hour."""
    if first == last:
        return float(begin <= first < end)
    return max(timedelta(), min(last, end) - max(first, begin)) / (last - first)

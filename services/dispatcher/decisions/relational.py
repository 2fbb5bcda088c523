"""How surveys about the whole relation and surveys about one event keep apart at one contact. Pure.

Asked about the relation days after a bad delivery, a customer answers about the delivery: such an answer
measures neither. So a relational survey keeps its distance, and of two mails of one day the relational one
stands, since its turn comes rarely; one that has left that day stands, too.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from services.dispatcher.decisions.durations import days
from services.dispatcher.decisions.scopes import Asked
from shared.events.surveys import Measurement
from shared.values.zones import zone_of

RELATIONAL_FIRST: Final = "relational_first"
"""Why nobody is asked about an event on whose day a relational mail to the contact leaves."""


def last_too_close(asked: Iterable[Asked], at: datetime, distance_days: int) -> datetime | None:
    """When the contact was, or will be, asked about an event less than so many days from a time; None: never.

    After exactly so many days a relational survey may ask. What is not known to be relational counts, since
    that can only ask less.

    :param distance_days: 0: no distance is kept.
    """
    distance = days(distance_days)
    times = (each.at for each in asked if each.measurement != "relational" and abs(at - each.at) < distance)
    return max(times, default=None)


def unsent_on_day(
    asked: Iterable[Asked], measurement: Measurement, at: datetime, zone: str
) -> tuple[Asked, ...]:
    """The mails of a measurement that have not left, and are due on the day of a time.

    :param zone: the company's, whose days are meant.
    """
    return tuple(each for each in _of_day(asked, measurement, at, zone) if each.unsent_about is not None)


def first_on_day(asked: Iterable[Asked], measurement: Measurement, at: datetime, zone: str) -> Asked | None:
    """The mail of a measurement that leaves on the day of a time, one that waits before one that has left."""
    found = _of_day(asked, measurement, at, zone)
    return min(found, key=lambda each: each.unsent_about is None, default=None)


def _of_day(asked: Iterable[Asked], measurement: Measurement, at: datetime, zone: str) -> list[Asked]:
    of_measurement = [each for each in asked if each.measurement == measurement]
    if not of_measurement:
        return []
    clock = zone_of(zone)
    day = at.astimezone(clock).date()
    return [each for each in of_measurement if each.at.astimezone(clock).date() == day]

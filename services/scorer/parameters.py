"""Parameters that the JSON routes and the pages share, read or refused with 422."""

from collections.abc import Iterable
from datetime import date

from services.scorer.access import BadSegmentAddress, parse_segment
from services.scorer.windows import (
    DEFAULT_WINDOW_DAYS,
    MAX_WINDOW_DAYS,
    BadWindow,
    Window,
    parse_day,
    parse_days,
)
from shared.events.segments import chain_of
from shared.http.problems import Problem
from shared.values.messages import Message, message

DEFAULT_WINDOW = f"{DEFAULT_WINDOW_DAYS}d"
MAX_SELECTED_SEGMENTS = 8
"""So many can be named at once whose common answers are counted."""


def read_window(window: str, until: str | None, today: date) -> Window:
    """The window of so many days that ends with ``until``, or else today.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    days = read_length(window, "window")
    return Window.ending(read_day(until, today, "until") if until else today, days)


def read_asked_window(
    window: str, until: str, first: str, last: str, today: date, usual_last: date | None = None
) -> Window:
    """The days of ``window`` (``DEFAULT_WINDOW``) and ``until``, or else those of ``from`` and ``to``.

    :param usual_last: the last day where none is given; today.
    :raises Problem: 422, naming the parameter and its remedy.
    """
    if not first and not last:
        return read_window(window or DEFAULT_WINDOW, until or (usual_last or today).isoformat(), today)
    if window or until:
        field = "window" if window else "until"
        raise fault_of(field, message("Give either “window”, or “from” and “to”."))
    return read_days(first, last, today, ("from", "to"))


def read_days(first: str, last: str, today: date, fields: tuple[str, str]) -> Window:
    """The days of two parameters, both included.

    :param fields: the names of the two.
    :raises Problem: 422, naming the parameter and its remedy.
    """
    for written, field in zip((first, last), fields, strict=True):
        if not written:
            raise fault_of(field, message("Give both the first and the last day."))
    window = Window(read_day(first, today, fields[0]), read_day(last, today, fields[1]))
    if window.first > window.last:
        raise fault_of(fields[0], message("The first day comes after the last one. Exchange them."))
    if window.days > MAX_WINDOW_DAYS:
        raise fault_of(fields[0], message("A window has at most %(most)s days.", most=MAX_WINDOW_DAYS))
    return window


def read_day(written: str, today: date, field: str) -> date:
    """The day of a parameter.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    try:
        return parse_day(written, today)
    except BadWindow as fault:
        raise fault_of(field, fault.remedy) from None


def read_length(written: str, field: str) -> int:
    """The number of days of a parameter such as ``30d``.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    try:
        return parse_days(written)
    except BadWindow as fault:
        raise fault_of(field, fault.remedy) from None


def read_segment(written: str | None) -> str:
    """The segment that an address names.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    try:
        return parse_segment(written)
    except BadSegmentAddress as fault:
        raise fault_of("segment", fault.remedy) from None


def lowest_of(segments: Iterable[str]) -> tuple[str, ...]:
    """The segments in all of which answers lie, without those that say nothing: the company, one that is
    named twice, and of a path all but its lowest level.
    """
    named = dict.fromkeys(filter(None, segments))
    above = {level for part in named for level in chain_of(part)[:-1]}
    return tuple(part for part in named if part not in above)


def fault_of(field: str, detail: Message) -> Problem:
    """The refusal of one parameter."""
    return Problem(422, errors=[{"field": field, "detail": detail}])

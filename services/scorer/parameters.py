"""Parameters that the JSON routes and the pages share, read or refused with 422."""

from datetime import date

from services.scorer.access import BadSegmentAddress, parse_segment
from services.scorer.windows import BadWindow, Window, parse_day, parse_days
from shared.http.problems import Problem


def read_window(window: str, until: str | None, today: date) -> Window:
    """The window of so many days that ends with ``until``, or else today.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    field = "window"
    try:
        days = parse_days(window)
        field = "until"
        return Window.ending(parse_day(until, today) if until else today, days)
    except BadWindow as fault:
        raise Problem(422, errors=[{"field": field, "detail": fault.remedy}]) from None


def read_segment(written: str | None) -> str:
    """The segment that an address names.

    :raises Problem: 422, naming the parameter and its remedy.
    """
    try:
        return parse_segment(written)
    except BadSegmentAddress as fault:
        raise Problem(422, errors=[{"field": "segment", "detail": fault.remedy}]) from None

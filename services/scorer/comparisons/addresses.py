"""Days and lengths as an address has them, and the addresses of pages and files."""

from datetime import date
from urllib.parse import urlencode

from services.scorer.windows import MAX_WINDOW_DAYS, BadWindow, Window, parse_day, parse_days
from shared.http.problems import Problem
from shared.values.messages import Message, message


def address_of(path: str, parameters: dict[str, object]) -> str:
    """The address of a page or file with these parameters."""
    return f"{path}?{urlencode(parameters, doseq=True)}"


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


def fault_of(field: str, detail: Message) -> Problem:
    """The refusal of one parameter."""
    return Problem(422, errors=[{"field": field, "detail": detail}])

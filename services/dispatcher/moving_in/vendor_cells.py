"""Cells as exports of other systems have them: months by their names, short years, scores with a label."""

import re
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from services.dispatcher.imports.cells import DateOrder, time_of, whole_of
from services.dispatcher.moving_in.vendors import YES, folded

_MONTHS = (
    ("january", "januar", "januari", "jänner"),
    ("february", "februar", "februari"),
    ("march", "marts", "maart", "mrt", "märz", "maerz"),
    ("april",),
    ("may", "maj", "mei", "mai"),
    ("june", "juni"),
    ("july", "juli"),
    ("august", "augustus"),
    ("september",),
    ("october", "oktober"),
    ("november",),
    ("december", "dezember"),
)
"""In English, Danish, Dutch and German; of each the first three letters or more may be written."""
_MIN_LETTERS = 3
_NAMED_MONTH = re.compile(
    r"(?:[^\W\d_]{2,9}\.?,? +)?"  # the day of the week
    r"(?:([0-9]{1,2})(?:st|nd|rd|th|\.)?[ -]+([^\W\d_]{3,9})\.?"
    r"|([^\W\d_]{3,9})\.? +([0-9]{1,2})(?:st|nd|rd|th)?)"
    r",?[ -]+([0-9]{4})(?![0-9])(.*)",
    re.DOTALL,
)
_BEFORE_TIME = re.compile(r"^,?\s*(?:at|kl\.?|om|um)\s+", re.IGNORECASE)
_ZONE_IN_WORDS = re.compile(r"\s*\([^()]*\)$")
_SHORT_YEAR = re.compile(r"(\d{1,2})([-./ ])(\d{1,2})\2(\d{2})(?!\d)(.*)", re.ASCII | re.DOTALL)
_CENTURY = "20"
"""No such system is older than this century."""
_MAX_TIME_LENGTH = 100
_UNIX_UNITS = ((range(10**8, 10**11), 1), (range(10**11, 10**14), 1_000))
"""Seconds since 1970, and milliseconds."""
_UNIX_DIGITS = 14
_LABELLED_SCORE = re.compile(
    r"(\d{1,2})(?:[.,]0+)?\s*(?:/\s*10|(?:out of|of|af|van|von) 10|[-\u2013\u2014:]\s*[^\d\s].*|\(\D.*)",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_NOTHING = frozenset({"na", "null", "none", "undefined", "nan"})
_NO_SIGNS = " \t-\u2013\u2014./"
"""Of these alone are cells that say nothing, such as a dash."""
_MARKS = frozenset({"x", "\u2713", "\u2714", "\u2611"})
"""A cross and ticks."""
_NO = frozenset({"no", "false", "0", "n", "nej", "nee", "nein", "subscribed", "active", "optedin", "never"})
Unsubscription = Literal["yes", "no", "unclear"]


def has_short_year(text: str) -> bool:
    """Whether a cell is a day whose year has two digits: which of the three it is cannot be told for sure."""
    return _SHORT_YEAR.match(text) is not None


def plain_time(text: str) -> str:
    """A time with the name of its month, as one with numbers; another text as it is."""
    match = _NAMED_MONTH.fullmatch(text) if len(text) <= _MAX_TIME_LENGTH else None
    if match is None:
        return text
    day, name, name_in_front, day_behind, year, rest = match.groups()
    month = _month_of(name or name_in_front)
    if month is None:
        return text
    rest = (
        _ZONE_IN_WORDS.sub("", _BEFORE_TIME.sub(" ", rest, count=1)).replace("GMT+", "+").replace("GMT-", "-")
    )
    return f"{year}-{month:02}-{day or day_behind}{rest}"


def _month_of(name: str) -> int | None:
    written = name.casefold()
    for number, names in enumerate(_MONTHS, 1):
        if len(written) >= _MIN_LETTERS and any(each.startswith(written) for each in names):
            return number
    return None


def vendor_time(text: str, order: DateOrder, zone: ZoneInfo) -> datetime | None:
    """The time in UTC that a cell says; None when it says none in this order.

    A year of two digits is read by an order that has it behind: it was said, and not found by the file.
    """
    if len(text) <= _UNIX_DIGITS and text.isascii() and text.isdecimal():
        number = int(text)
        unit = next((unit for numbers, unit in _UNIX_UNITS if number in numbers), None)
        if unit is not None:
            return datetime.fromtimestamp(number / unit, UTC)
    short = _SHORT_YEAR.fullmatch(text) if order != "ymd" and len(text) <= _MAX_TIME_LENGTH else None
    if short is not None:
        first, separator, second, year, rest = short.groups()
        text = f"{first}{separator}{second}{separator}{_CENTURY}{year}{rest}"
    return time_of(plain_time(text), order, zone)


def is_blank(text: str) -> bool:
    """Whether a cell is empty, or a word or a sign for nothing."""
    return not text.strip(_NO_SIGNS) or folded(text) in _NOTHING


def score_of(text: str) -> int | None:
    """The whole number that a cell says, also with a label: ``10 - Extremely likely``, ``9/10``."""
    whole = whole_of(text, "comma" if "," in text else "point")
    if whole is not None:
        return whole
    labelled = _LABELLED_SCORE.fullmatch(text)
    return int(labelled[1]) if labelled is not None else None


def unsubscription(text: str, since: datetime | None) -> Unsubscription:
    """What a cell says of having unsubscribed.

    :param since: the time that it says.
    """
    if since is not None or folded(text) in YES or text.strip().lower() in _MARKS:
        return "yes"
    is_no_day = not text.strip("0-/:. T")  # as MySQL writes none: 0000-00-00 00:00:00
    return "no" if is_blank(text) or folded(text) in _NO or is_no_day else "unclear"

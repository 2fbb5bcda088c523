"""Figures and times as the design language writes them, in the reader's language and time zone."""

import unicodedata
from datetime import date, datetime, timedelta
from fractions import Fraction

from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from shared.events.segments import decoded
from shared.pages import outward_links
from shared.pages.language import counted, reading, translated
from shared.values.rounding import half_up

MINUS = "\N{MINUS SIGN}"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def signed(value: float | Fraction) -> str:
    """A score: +27, a real minus before 8, or 0."""
    rounded = half_up(value)
    return f"+{rounded}" if rounded > 0 else f"{MINUS}{-rounded}" if rounded < 0 else "0"


def bound(value: float) -> str:
    """An end of a difference's interval, with a decimal where it would be rounded onto 0."""
    tenths = half_up(value * 10)
    if half_up(value) or not tenths:
        return signed(value)
    return f"{'+' if tenths > 0 else MINUS}0.{abs(tenths)}"


def percent(part: int, whole: int) -> str:
    """A share with one decimal: 6.3 % of 1 in 16."""
    tenths = half_up(Fraction(1000 * part, max(1, whole)))
    return f"{tenths // 10}.{tenths % 10}\N{NO-BREAK SPACE}%"


def thousands(value: int) -> str:
    """A count with the reader's separators."""
    return format_decimal(value, locale=reading().locale)


def day(value: date | datetime) -> str:
    """A day such as 17 November; another year is named."""
    reader = reading()
    here = value.astimezone(reader.zone).date() if isinstance(value, datetime) else value
    this_year = here.year == reader.now.astimezone(reader.zone).year
    return format_date(
        here, _DAY_FORMS.get(reader.locale.language, "d MMMM") + ("" if this_year else " y"), reader.locale
    )


# Months stand after the day everywhere that we speak; only the full stop differs.
_DAY_FORMS = {"da": "d. MMMM", "nb": "d. MMMM", "de": "d. MMMM", "fi": "d. MMMM"}


def weekday(value: datetime) -> str:
    """The day of the week, such as Friday."""
    reader = reading()
    return format_date(value.astimezone(reader.zone).date(), "EEEE", reader.locale)


def days_ahead(value: datetime) -> int:
    """How many midnights of the reader's lie between now and then; 0 today, less than 0 before it."""
    reader = reading()
    return (value.astimezone(reader.zone).date() - reader.now.astimezone(reader.zone).date()).days


def clock_time(value: datetime) -> str:
    """The time of day on a clock of 24 hours."""
    reader = reading()
    return format_time(value, "HH:mm", tzinfo=reader.zone, locale=reader.locale)


def since(value: datetime) -> str:
    """How long ago, in one unit; from a day on, the day itself."""
    seconds = max(0, int((reading().now - value) / timedelta(seconds=1)))
    if seconds < _MINUTE:
        return counted("%(n)s second ago", "%(n)s seconds ago", seconds) % {"n": seconds}
    if seconds < _HOUR:
        minutes = seconds // _MINUTE
        return counted("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    if seconds < _DAY:
        hours = seconds // _HOUR
        return counted("%(n)s hour ago", "%(n)s hours ago", hours) % {"n": hours}
    return translated("%(day)s, %(time)s") % {"day": day(value), "time": clock_time(value)}


def isolated(text: str) -> str:
    """A name inside a sentence of ours, as HTML: isolated (``bdi``) when it is written the other way."""
    rightwards = reading().locale.text_direction == "ltr"
    turning = {"R", "AL", "AN", "RLE", "RLO", "RLI"} if rightwards else {"L", "LRE", "LRO", "LRI"}
    shown = escape(text)
    if any(unicodedata.bidirectional(letter) in turning for letter in text):
        return Markup("<bdi>{}</bdi>").format(shown)
    return shown


def zone_name(zone: str) -> str:
    """The city of a time zone: Europe/Copenhagen is Copenhagen."""
    return zone.rpartition("/")[2].replace("_", " ")


def dimension_name(dimension: str) -> str:
    """A dimension in words: ``handled_by`` is "handled by"."""
    return decoded(dimension).replace("_", " ")


def value_name(value: str) -> str:
    """What somebody called a thing, as a name: ``click and collect`` is "Click and collect"."""
    return value[:1].upper() + value[1:]


def segment_name(segment: str) -> str:
    """A segment's value: ``organisation:north/sales`` is "North / Sales"; the company has none."""
    return " / ".join(value_name(decoded(part)) for part in segment.partition(":")[2].split("/"))


FILTERS = {
    **outward_links.FILTERS,
    "isolated": isolated,
    "zone_name": zone_name,
    "bound": bound,
    "half_up": half_up,
    "signed": signed,
    "thousands": thousands,
    "day": day,
    "weekday": weekday,
    "days_ahead": days_ahead,
    "clock_time": clock_time,
    "since": since,
    "dimension_name": dimension_name,
    "segment_name": segment_name,
    "value_name": value_name,
}

"""Numbers, times and names as text, in the reader's language and time zone. Templates use them as filters."""

import unicodedata
from datetime import date, datetime, timedelta
from fractions import Fraction

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, get_decimal_symbol
from markupsafe import Markup, escape

from shared.events.segments import ORGANISATION, TOUCHPOINT, decoded, dimension_of, segment_of
from shared.pages import outward_links
from shared.pages.language import SOURCE_LANGUAGE, counted, reader_locale, translated
from shared.values.display_names import display_name
from shared.values.messages import translatable
from shared.values.rounding import half_up

OWN_DIMENSIONS = frozenset({translatable("organisation"), translatable("touchpoint")})
"""Dimensions whose names are ours, not a company's."""
MINUS = "\N{MINUS SIGN}"
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI"})
LEFT_TO_RIGHT = frozenset({"L", "LRE", "LRO", "LRI"})
"""Unicode's classes of characters that set, or embed, a direction."""


def signed(value: float | Fraction) -> str:
    """A score: +27, 0, or with a real minus sign."""
    rounded = half_up(value)
    return f"+{rounded}" if rounded > 0 else f"{MINUS}{-rounded}" if rounded < 0 else "0"


def bound(value: float) -> str:
    """An end of a difference's interval, with a decimal where it would otherwise be rounded to 0."""
    tenths = half_up(value * 10)
    if half_up(value) or not tenths:
        return signed(value)
    return decimal(f"{'+' if tenths > 0 else MINUS}0.{abs(tenths)}")


def percent(part: int, whole: int) -> str:
    """A share with one decimal: 6.3 % for 1 of 16."""
    tenths = half_up(Fraction(1000 * part, max(1, whole)))
    return decimal(f"{tenths // 10}.{tenths % 10}\N{NO-BREAK SPACE}%")


def decimal(number: str) -> str:
    """A number whose point is the reader's decimal separator: 41.3 or 41,3."""
    return number.replace(".", get_decimal_symbol(reader_locale().locale))


def thousands(value: int) -> str:
    """A count with the reader's thousands separators."""
    return format_decimal(value, locale=reader_locale().locale)


def day(value: date | datetime) -> str:
    """A day such as 17 November, with its year unless that is the current one."""
    reader = reader_locale()
    local = value.astimezone(reader.zone).date() if isinstance(value, datetime) else value
    this_year = local.year == reader.now.astimezone(reader.zone).year
    pattern, with_year = _DAY_PATTERNS.get(reader.locale.language, ("d MMMM", "d MMMM y"))
    return format_date(local, pattern if this_year else with_year, reader.locale)


# In all our languages the month follows the day; only the full stop and a preposition differ.
_WITH_FULL_STOP = ("d. MMMM", "d. MMMM y")
_DAY_PATTERNS = {
    **dict.fromkeys(("da", "de", "fi", "nb"), _WITH_FULL_STOP),
    "es": ("d 'de' MMMM", "d 'de' MMMM 'de' y"),
}


def weekday(value: datetime) -> str:
    """The day of the week, such as Friday."""
    reader = reader_locale()
    return format_date(value.astimezone(reader.zone).date(), "EEEE", reader.locale)


def days_ahead(value: datetime) -> int:
    """The number of the reader's midnights until then: 0 is today, negative numbers are in the past."""
    reader = reader_locale()
    return (value.astimezone(reader.zone).date() - reader.now.astimezone(reader.zone).date()).days


def clock_time(value: datetime) -> str:
    """The time of day on a 24-hour clock."""
    reader = reader_locale()
    return format_time(value, "HH:mm", tzinfo=reader.zone, locale=reader.locale)


def since(value: datetime) -> str:
    """How long ago, in one unit; after a day, the day and the time."""
    seconds = max(0, int((reader_locale().now - value) / timedelta(seconds=1)))
    if seconds < _MINUTE_S:
        return counted("%(n)s second ago", "%(n)s seconds ago", seconds) % {"n": seconds}
    if seconds < _HOUR_S:
        minutes = seconds // _MINUTE_S
        return counted("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    if seconds < _DAY_S:
        hours = seconds // _HOUR_S
        return counted("%(n)s hour ago", "%(n)s hours ago", hours) % {"n": hours}
    return translated("%(day)s, %(time)s") % {"day": day(value), "time": clock_time(value)}


def isolated(text: str) -> str:
    """A name inside one of our sentences, as HTML: in ``bdi`` when it is written in the other direction."""
    return Markup("<bdi>{}</bdi>").format(text) if _turns(text) else escape(text)


def isolated_text(text: str) -> str:
    """The same where no HTML is read: between the characters of Unicode that isolate."""
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}" if _turns(text) else text


def _turns(text: str) -> bool:
    """Whether some of it is written in the direction that the reader's language is not."""
    left_to_right = reader_locale().locale.text_direction == "ltr"
    other_direction = RIGHT_TO_LEFT if left_to_right else LEFT_TO_RIGHT
    return any(unicodedata.bidirectional(character) in other_direction for character in text)


def zone_name(zone: str) -> str:
    """The city of a time zone in the reader's language: Copenhagen, or København, of Europe/Copenhagen."""
    reader = reader_locale()
    if reader.language != SOURCE_LANGUAGE and (city := reader.locale.time_zones.get(zone, {}).get("city")):
        return str(city)
    return zone.rpartition("/")[2].replace("_", " ")


def dimension_name(dimension: str) -> str:
    """A dimension in words: as the company calls it, else "handled by" of ``handled_by``."""
    if (named := display_name(dimension)) is not None:
        return named
    if dimension in OWN_DIMENSIONS:
        return translated(dimension)
    return decoded(dimension).replace("_", " ")


def value_name(value: str) -> str:
    """A value that a company has named, as a title: "Click and collect" of ``click and collect``."""
    return value[:1].upper() + value[1:]


def segment_name(segment: str) -> str:
    """The value of a segment: "North / Sales" of ``organisation:north/sales``; empty for the company.

    What the company has named, of a path each level by itself, has that name.
    """
    dimension, _, value = segment.partition(":")
    parts = value.split("/")
    codes = (f"{dimension}:{'/'.join(parts[: depth + 1])}" for depth in range(len(parts)))
    shown = zip(parts, codes, strict=True)
    return " / ".join(display_name(code) or value_name(decoded(part)) for part, code in shown)


def segment_words(segment: str) -> str:
    """A segment in a sentence: ``Copenhagen / Strøget``, ``Checkout``, ``country: DK``."""
    dimension = dimension_of(segment)
    if dimension in {ORGANISATION, TOUCHPOINT}:
        return segment_name(segment)
    return f"{dimension_name(dimension)}: {segment_name(segment)}"


def segment_shown(segment: str) -> str:
    """A segment where its code is shown otherwise: as the company calls it, if it does."""
    return display_name(segment) or segment


def touchpoint_name(touchpoint: str) -> str:
    """A touchpoint as the company calls it, else as it is."""
    return display_name(segment_of(TOUCHPOINT, touchpoint)) or touchpoint


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
    "touchpoint_name": touchpoint_name,
    "display_name": display_name,
    "segment_shown": segment_shown,
    "value_name": value_name,
}

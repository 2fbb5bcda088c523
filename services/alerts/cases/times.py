"""Times and durations as pages and mails write them. The current time and the zone are given."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from shared.pages.language import reader_locale, spoken, translated
from shared.pages.texts import SOON
from shared.values.messages import message

NEAR_DAYS = {
    0: message("today %(time)s"),
    1: message("tomorrow %(time)s"),
    -1: message("yesterday %(time)s"),
}
DAY_PATTERNS = {"da": "EEE d. MMM"}
"""Of the languages that write the day of the month with a full stop."""


def duration(length: timedelta) -> str:
    """1 h 9 min; 4 days, to the nearest."""
    minutes = int(length / timedelta(minutes=1))
    hours = minutes // 60
    if hours < 1:
        return translated("%(minutes)s\u00a0min") % {"minutes": minutes}
    if hours < 24 and minutes % 60:  # noqa: PLR2004  (a day)
        return translated("%(hours)s\u00a0h %(minutes)s\u00a0min") % {"hours": hours, "minutes": minutes % 60}
    if hours < 48:  # noqa: PLR2004  (two days)
        return translated("%(hours)s\u00a0h") % {"hours": hours}
    return translated("%(days)s\u00a0days") % {"days": int(length / timedelta(days=1) + 0.5)}


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Today 15:41; tomorrow 09:12; Mon 23 Nov 13:50."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    time = _clock_time(at, zone)
    if (near := NEAR_DAYS.get((local.date() - today).days)) is not None:
        return spoken(near) % {"time": time}
    locale = reader_locale().locale
    pattern = DAY_PATTERNS.get(locale.language, "EEE d MMM") + ("" if local.year == today.year else " y")
    return translated("%(day)s %(time)s") % {"day": format_date(local.date(), pattern, locale), "time": time}


def weekday_time(at: datetime, zone: ZoneInfo) -> str:
    """Mon 13:50."""
    weekday = format_date(at.astimezone(zone).date(), "EEE", reader_locale().locale)
    return f"{weekday} {_clock_time(at, zone)}"


def _clock_time(at: datetime, zone: ZoneInfo) -> str:
    return format_time(at, "HH:mm", tzinfo=zone, locale=reader_locale().locale)


def deadline(at: datetime, now: datetime, zone: ZoneInfo, *, contact: bool) -> str:
    """The deadline of the first contact, or (afterwards) of the end."""
    if at < now:
        return lateness(now - at)
    if not contact:
        return translated("close by %(at)s") % {"at": moment(at, now, zone)}
    if at - now < SOON:
        return translated("in %(duration)s") % {"duration": duration(at - now)}
    return moment(at, now, zone)


def lateness(length: timedelta) -> str:
    """1 h 9 min late."""
    return translated("%(duration)s late") % {"duration": duration(length)}


def elapsed_percent(start: datetime, end: datetime, now: datetime) -> float:
    """How much of the time is over, in per cent."""
    return 100 * ((now - start) / (end - start)) if end > start else 100.0

"""Times and counts as the pages of cases write them. Pure: now and zone are given."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

SOON = timedelta(hours=3)
# People are counted in words.
NUMBERS = (
    "Nobody",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
)
CAUSE_WORDS = {
    "missing_feature": "missing feature",
    "no_callback": "no call-back",
    "not_solvable": "not solvable by us",
}
OUTCOME_WORDS = {
    "recovered": "Recovered: the customer is content",
    "explained": "Explained: the customer knows why",
    "not_solvable": "Not solvable by us",
    "lost": "Lost",
}
HOW_WORDS = {"call": "Call", "mail": "Mail from somewhere else", "meeting": "In person"}


def in_words(count: int) -> str:
    """Nine; 13."""
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"


def waiting(count: int, late: int) -> str:
    """The finding of the inbox."""
    if count == 0:
        return "Nobody is waiting."
    if count == 1:
        return "One customer is waiting to hear from us" + (", and for too long." if late else ".")
    said = f"{in_words(count)} customers are waiting to hear from us"
    if late == 0:
        return f"{said}."
    if late == count:
        return f"{said}, all of them too long."
    return f"{said}; {in_words(late).lower()} of them too long."


def closed(count: int) -> str:
    """The finding of the closed cases."""
    if count == 0:
        return "Nothing is closed yet."
    return "One case is closed." if count == 1 else f"{in_words(count)} cases are closed."


def span(length: timedelta) -> str:
    """1 h 9 min; 4 days."""
    minutes = int(length / timedelta(minutes=1))
    if minutes < 60:  # noqa: PLR2004  (an hour)
        return f"{minutes}\u00a0min"
    hours = minutes // 60
    if hours < 48:  # noqa: PLR2004  (two days)
        rest = f" {minutes % 60}\u00a0min" if minutes % 60 and hours < 24 else ""  # noqa: PLR2004  (a day)
        return f"{hours}\u00a0h{rest}"
    return f"{hours // 24}\u00a0days"


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Today 15:41; tomorrow 09:12; Mon 23 Nov 13:50."""
    here, today = at.astimezone(zone), now.astimezone(zone).date()
    clock = here.strftime("%H:%M")
    names = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if (name := names.get((here.date() - today).days)) is not None:
        return f"{name} {clock}"
    year = "" if here.year == today.year else f" {here.year}"
    return f"{here:%a} {here.day} {here:%b}{year} {clock}"


def due(at: datetime, now: datetime, zone: ZoneInfo, *, contact: bool) -> str:
    """How a row says its deadline: of the first contact, or (afterwards) of the end."""
    if at < now:
        return f"{span(now - at)} late"
    prefix = "" if contact else "close by "
    if contact and at - now < SOON:
        return f"in {span(at - now)}"
    return prefix + moment(at, now, zone)


def elapsed(start: datetime, end: datetime, now: datetime) -> float:
    """How much of the time is gone, in per cent."""
    return 100 * ((now - start) / (end - start)) if end > start else 100.0


def cause(code: str | None) -> str:
    """delivery.late: Delivery: late."""
    if not code:
        return ""
    theme, dot, part = code.partition(".")
    return f"{theme.capitalize()}: {cause_part(part)}" if dot else theme.capitalize()


def cause_part(part: str) -> str:
    """missing_feature: missing feature."""
    return CAUSE_WORDS.get(part, part)

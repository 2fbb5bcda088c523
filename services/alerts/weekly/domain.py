"""When a letter of Monday is due, and which comments it has. Pure rules."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.events import Answer
from shared.events.nps import group_of

MONDAY_AT = time(8)
"""By the clock of the company."""
COMMENTS = 3
MOST_COMMENT_CHARS = 300
MIN_NAME_CHARS = 3
"""Of a part of a name that is left out: a shorter one is a part of words."""
MASK = "…"
_WEEK = timedelta(days=7)
_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_NUMBER = re.compile(r"\+?\d[\d ()./-]{4,}\d")


def next_letter(now: datetime, zone: ZoneInfo) -> datetime:
    """The first Monday at eight after this moment, on the clocks of the zone."""
    today = now.astimezone(zone).date()
    monday = monday_of(today)
    at = _eight(monday, zone)
    return at if at > now else _eight(monday + _WEEK, zone)


def letter_of(now: datetime, zone: ZoneInfo) -> date:
    """The Monday whose letter is told now: the last one at eight."""
    monday = monday_of(now.astimezone(zone).date())
    return monday if _eight(monday, zone) <= now else monday - _WEEK


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def week_before(monday: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The seven days before a Monday, from midnight to midnight on the clocks of the zone."""
    since, until = (datetime.combine(day, time(), zone) for day in (monday - _WEEK, monday))
    return since.astimezone(UTC), until.astimezone(UTC)


def chosen_comments(answers: Iterable[Answer]) -> list[Answer]:
    """The newest comment of a detractor, of a passive and of a promoter.

    Where a group has none, the next newest of the others.
    """
    newest = sorted(answers, key=lambda one: (one.answered_at or one.changed_at, one.id), reverse=True)
    chosen: list[Answer] = []
    for answer in newest:
        if group_of(answer.score or 0) not in {group_of(one.score or 0) for one in chosen}:
            chosen.append(answer)
    chosen += [answer for answer in newest if answer not in chosen][: max(COMMENTS - len(chosen), 0)]
    return sorted(chosen[:COMMENTS], key=lambda one: one.score or 0)


def quoted(comment: str, names: Sequence[str]) -> str:
    """A comment as a letter has it: cut, without addresses, numbers, links, or the customer's own name.

    :param names: the customer's, as far as they are known.
    """
    text = " ".join(comment.split())
    for pattern in (_LINK, _ADDRESS, _NUMBER):
        text = pattern.sub(MASK, text)
    parts = {part for name in names for part in re.split(r"[\s,.]+", name) if len(part) >= MIN_NAME_CHARS}
    if parts:
        words = "|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True))
        text = re.sub(rf"\b(?:{words})\b", MASK, text, flags=re.IGNORECASE)
    return text if len(text) <= MOST_COMMENT_CHARS else text[: MOST_COMMENT_CHARS - 1].rstrip() + MASK


def _eight(monday: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(monday, MONDAY_AT, zone).astimezone(UTC)

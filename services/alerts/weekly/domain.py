"""When a letter of Monday is due, and which comments it has. Pure rules."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from shared.events import Answer, People, is_person, segments_of
from shared.events.nps import group_of
from shared.events.segments import decoded

MOST_COMMENT_CHARS = 300
MIN_NAME_CHARS = 3
"""Of a part of a name that is left out: a shorter one is a part of words."""
MASK = "…"
MOST_READ_CHARS = 2 * MOST_COMMENT_CHARS
"""Of a comment: what is left out may be longer than what stands in its place."""
# Each begins where such a run begins, and gives nothing back: the time is linear in the length of the text.
_ADDRESS = re.compile(r"(?<![^\s@<>\"'])[^\s@<>\"']++@[^\s@<>\"']++")
_LINK = re.compile(r"(?i:https?://|www\.)\S+")
_NUMBER = re.compile(r"\+?\d[\d ()./-]{4,}\d")


class LetterPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When letters are told, and how much they quote."""

    at: time = time(8)
    """On Mondays, by the clock of the company."""
    week: timedelta = timedelta(days=7)
    comments: int = 3


def next_letter(policy: LetterPolicy, now: datetime, zone: ZoneInfo) -> datetime:
    """The time of the first letter after this moment."""
    monday = monday_of(now.astimezone(zone).date())
    at = _time_of(policy, monday, zone)
    return at if at > now else _time_of(policy, monday + policy.week, zone)


def letter_of(policy: LetterPolicy, now: datetime, zone: ZoneInfo) -> date:
    """The Monday whose letter is told now: the last one whose time has come."""
    monday = monday_of(now.astimezone(zone).date())
    return monday if _time_of(policy, monday, zone) <= now else monday - policy.week


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def week_before(policy: LetterPolicy, monday: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The week before a Monday, from midnight to midnight on the clocks of the zone."""
    since, until = (datetime.combine(day, time(), zone) for day in (monday - policy.week, monday))
    return since.astimezone(UTC), until.astimezone(UTC)


def chosen_comments(policy: LetterPolicy, answers: Iterable[Answer]) -> list[Answer]:
    """The newest comment of a detractor, of a passive and of a promoter.

    Where a group has none, the next newest of the others.
    """
    newest = sorted(answers, key=lambda one: (one.answered_at or one.changed_at, one.id), reverse=True)
    chosen: list[Answer] = []
    for answer in newest:
        if group_of(answer.score or 0) not in {group_of(one.score or 0) for one in chosen}:
            chosen.append(answer)
    chosen += [answer for answer in newest if answer not in chosen][: max(policy.comments - len(chosen), 0)]
    return sorted(chosen[: policy.comments], key=lambda one: one.score or 0)


def quoted(comment: str, names: Sequence[str]) -> str:
    """A comment as a letter has it: cut, without addresses, numbers, links, or these names.

    :param names: the customer's, as far as it is known, and those of colleagues.
    """
    text = " ".join(comment.split())
    if len(text) > MOST_READ_CHARS:
        # The last word may be half of an address. Some languages have no spaces.
        words, cut = text[:MOST_READ_CHARS].rpartition(" ")[0], text[:MOST_READ_CHARS]
        text = words if len(words) >= MOST_COMMENT_CHARS else cut
    for pattern in (_LINK, _ADDRESS, _NUMBER):
        text = pattern.sub(MASK, text)
    parts = {part for name in names for part in re.split(r"[\s,._@-]+", name) if len(part) >= MIN_NAME_CHARS}
    if parts:
        words = "|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True))
        text = re.sub(rf"(?i)\b(?:{words})s?\b", MASK, text)
    return text if len(text) <= MOST_COMMENT_CHARS else text[: MOST_COMMENT_CHARS - 1].rstrip() + MASK


def employees_of(people: People, answer: Answer) -> list[str]:
    """The names of colleagues whom an answer is about, as its segments have them."""
    found = [one for one in segments_of(answer) if is_person(people, one)]
    return [decoded(one.partition(":")[2].rpartition("/")[2]) for one in found]


def _time_of(policy: LetterPolicy, monday: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(monday, policy.at, zone).astimezone(UTC)

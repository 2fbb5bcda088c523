"""What each person has chosen: of what they are told, where, and when. Times are minutes of a day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import structs

from services.alerts.notices.topics import (
    DIGEST_KIND,
    ESCALATION_KINDS,
    TOPIC_BY_KIND,
    VIEW_MAIL_KIND,
    NoticeTopic,
)
from shared.values.zones import zone_of

MailTime = Literal["at_once", "digest", "never"]
PushTime = Literal["at_once", "never"]
Weekday = Literal[0, 1, 2, 3, 4, 5, 6]
"""Monday is 0."""
EVERY_DAY: tuple[Weekday, ...] = (0, 1, 2, 3, 4, 5, 6)
DAYS_AHEAD = 15
"""For how many days the end of quiet hours and the time of a digest are looked for."""


class TopicChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a person is told of one topic, by each channel."""

    mail: MailTime = "at_once"
    push: PushTime = "at_once"


class PersonalQuietHours(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a person is told of nothing. What falls in them is told when they end."""

    since: int
    until: int
    """When this is not later than ``since``, on the next day."""
    days: tuple[Weekday, ...] = EVERY_DAY
    """Those on which they begin."""
    whole_days: tuple[Weekday, ...] = ()
    """Those that are quiet from midnight to midnight."""
    but_escalations: bool = False
    """Escalations are told at once all the same."""


class NoticeChoices(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The choices of one person; who has chosen nothing has the defaults."""

    cases: TopicChoice = TopicChoice()
    deadlines: TopicChoice = TopicChoice()
    incidents: TopicChoice = TopicChoice()
    introductions: TopicChoice = TopicChoice()
    weekly: TopicChoice = TopicChoice(push="never")
    digest_at: int = 8 * 60
    time_zone: str = ""
    """Empty: the company's."""
    quiet: PersonalQuietHours | None = None

    def of(self, topic: NoticeTopic) -> TopicChoice:
        """The choice of a topic."""
        choice: TopicChoice = getattr(self, topic)
        return choice

    def zone(self, company_zone: str | None) -> ZoneInfo:
        """Where this person's hours are counted."""
        return zone_of(self.time_zone or None, company_zone)


def readable_choices(stored: NoticeChoices) -> NoticeChoices:
    """Stored choices as they hold: a version before this one offered the Monday letter in a digest."""
    if stored.weekly.mail != "digest":
        return stored
    return structs.replace(stored, weekly=structs.replace(stored.weekly, mail="at_once"))


def due_at(choices: NoticeChoices, kind: str, now: datetime, zone: ZoneInfo) -> datetime:
    """When a notice that is told at once is told: now, else when the quiet hours end."""
    quiet, chosen = choices.quiet, kind in TOPIC_BY_KIND or kind in {DIGEST_KIND, VIEW_MAIL_KIND}
    if quiet is None or not chosen or (quiet.but_escalations and kind in ESCALATION_KINDS):
        return now
    return quiet_until(quiet, now, zone) or now


def quiet_until(quiet: PersonalQuietHours, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours of this moment end; None when there are none now."""
    end = now
    for since, until in _quiet_spans(quiet, now.astimezone(zone).date(), zone):
        if since <= end < until:
            end = until
    return end if end > now else None


def digest_after(choices: NoticeChoices, now: datetime, zone: ZoneInfo) -> datetime:
    """The first time of a digest after this moment that is not in the quiet hours."""
    today = now.astimezone(zone).date()
    times = [_moment(today, day, choices.digest_at, zone) for day in range(DAYS_AHEAD)]
    later = [at for at in times if at > now]
    quiet = choices.quiet
    if quiet is None:
        return later[0]
    told = next((at for at in later if quiet_until(quiet, at, zone) is None), None)
    return told or quiet_until(quiet, later[0], zone) or later[0]


def _quiet_spans(
    quiet: PersonalQuietHours, today: date, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """Those of yesterday and of the days that follow, in the order of their beginning."""
    for day in range(-1, DAYS_AHEAD):
        weekday = (today + timedelta(days=day)).weekday()
        if weekday in quiet.whole_days:
            yield _moment(today, day, 0, zone), _moment(today, day + 1, 0, zone)
        if weekday in quiet.days:
            ends = day if quiet.since < quiet.until else day + 1
            yield _moment(today, day, quiet.since, zone), _moment(today, ends, quiet.until, zone)


def _moment(today: date, days: int, minutes: int, zone: ZoneInfo) -> datetime:
    """That time of a day on the clocks of the zone, on days of 23 and 25 hours, too."""
    at = datetime.combine(today + timedelta(days=days), datetime.min.time(), zone)
    return at.replace(hour=minutes // 60, minute=minutes % 60).astimezone(UTC)

"""What the page of responses shows, in the reader's language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeVar

from services.scorer.day_choice import DayChoice
from services.scorer.responses import labels
from services.scorer.responses.domain import ResponseCounts, Silence
from services.scorer.responses.reading import ResponsesRead
from shared.events.surveys import NpsMeasurement
from shared.pages.filters import day, segment_name, thousands
from shared.pages.language import translated
from shared.pages.page import Page

_Key = TypeVar("_Key", str, int)


class ResponseCell(NamedTuple):
    """A number with its share and interval."""

    number: str
    share: str
    interval: str
    """Empty: fewer than ten were asked."""


class ResponseLine(NamedTuple):
    """A row of a table."""

    name: str
    href: str
    """Empty: it leads nowhere."""
    asked: str
    cells: list[ResponseCell]
    """Delivered, opened, answered."""
    section: str
    """The field of the document that it is of."""
    key: str
    """Which of its parts."""


@dataclass(frozen=True, kw_only=True)
class ResponsesPage(Page):
    """Of those who were asked, who answered and who did not."""

    template: ClassVar[str] = "responses.html"

    finding: str
    days: str
    maturity: str
    """Empty: the figures are final."""
    place: str
    """The segment; empty: the whole company."""
    segment: str
    measurement: NpsMeasurement
    day_choice: DayChoice
    by: str
    by_options: list[tuple[str, str]]
    segment_options: list[tuple[str, str]]
    headings: list[str]
    total: ResponseLine
    tables: list[tuple[str, str, list[ResponseLine]]]
    """Of each: what it is by, the heading of its first column, the rows."""
    left_off: str
    people_hidden: bool
    silence: str
    silence_explained: str
    """Empty: there is no range."""
    file_href: str
    document_href: str


def headings() -> list[str]:
    """Of the cells of a line."""
    return [translated("Delivered"), translated("Link followed"), translated("Answered")]


def line_of(
    name: str, counts: ResponseCounts, href: str = "", *, section: str = "total", key: str = ""
) -> ResponseLine:
    """A row of a table."""
    parts = (counts.delivered, counts.opened, counts.answered)
    shares = [(part, counts.share(part)) for part in parts]
    return ResponseLine(
        name=name,
        href=href,
        asked=thousands(counts.asked),
        cells=[
            ResponseCell(thousands(part), labels.percent_words(share), labels.interval_words(share))
            for part, share in shares
        ],
        section=section,
        key=key,
    )


def tables_of(
    read: ResponsesRead, by_name: str, href: Callable[[str], str]
) -> list[tuple[str, str, list[ResponseLine]]]:
    """By segment, channel, hour and day of the week; those without rows are left out.

    :param href: the address of a segment's page; empty: the reader may not open it.
    """
    segments = [
        line_of(segment_name(key), counts, href(key), section="segments", key=key)
        for key, counts in read.by_segment.items()
    ]
    found = [
        (translated("By segment: the lowest share first"), by_name, segments),
        (
            translated("By channel"),
            translated("Channel"),
            _lines(read.by_channel, labels.channel_name, "channels"),
        ),
        (
            translated("By the hour at which they were asked"),
            translated("Hour"),
            _lines(read.by_hour, labels.hour_name, "hours"),
        ),
        (
            translated("By the day of the week on which they were asked"),
            translated("Day of the week"),
            _lines(read.by_weekday, labels.weekday_name, "weekdays"),
        ),
    ]
    return [table for table in found if table[2]]


def _lines(
    by_key: Mapping[_Key, ResponseCounts], name: Callable[[_Key], str], section: str
) -> list[ResponseLine]:
    return [line_of(name(key), counts, section=section, key=str(key)) for key, counts in by_key.items()]


def days_words(read: ResponsesRead) -> str:
    """Which days are counted."""
    return translated("Asked from %(first)s to %(last)s, both days included.") % {
        "first": day(read.window.first),
        "last": day(read.window.last),
    }


def silence_explained(read: ResponsesRead) -> str:
    """What the range is made of; empty: there is none."""
    if not isinstance(read.silence, Silence):
        return ""
    return labels.silence_explained(read.silence, read.total.silent, read.silence_units)

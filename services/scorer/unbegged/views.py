"""What the page of the unbegged score shows, in the reader's language."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from services.scorer.day_choice import DayChoice
from services.scorer.domain import MIN_ANSWERS_SHOWN, score_interval
from services.scorer.responses.domain import AskedShare
from services.scorer.responses.labels import interval_words, percent_words
from services.scorer.unbegged import labels
from services.scorer.unbegged.domain import ComparedPlace, PlaceCounts
from services.scorer.unbegged.reading import UnbeggedRead
from shared.pages.filters import day, segment_name, signed, thousands
from shared.pages.language import translated
from shared.pages.page import Page

NOT_SHOWN = "\N{EN DASH}"


class UnbeggedCell(NamedTuple):
    """A share with its numbers, or a score with its range."""

    figure: str
    note: str


class PlaceLine(NamedTuple):
    """A place as a row of the table."""

    name: str
    segment: str
    matched: str
    asked: UnbeggedCell
    reasons: str
    """Why customers were not asked; empty: all were."""
    answered: UnbeggedCell
    score: UnbeggedCell
    quick: UnbeggedCell
    burst: str
    by_links: str
    staff_network: UnbeggedCell
    """How many answers came from the company's own networks."""
    shared_device: UnbeggedCell
    """How many answers came from shared devices."""
    signs: list[str]
    selection: str
    """What the missing answers could change; empty: nothing is told."""


@dataclass(frozen=True, kw_only=True)
class UnbeggedPage(Page):
    """What could have been asked, was asked and was answered, by place."""

    template: ClassVar[str] = "unbegged.html"

    finding: str
    days: str
    day_choice: DayChoice
    by: str
    by_name: str
    by_options: list[tuple[str, str]]
    lines: list[PlaceLine]
    shows_networks: bool
    """Of any answer it is known whether it came from one of the company's own networks."""
    shows_devices: bool
    """Of any answer it is known which one it was of its device."""
    left_off: str
    people_hidden: bool
    file_href: str
    document_href: str


def line_of(place: ComparedPlace) -> PlaceLine:
    """A place as a row of the table."""
    counts, groups = place.counts, place.counts.groups
    score = UnbeggedCell(NOT_SHOWN, "")
    interval = score_interval(groups) if groups.n >= MIN_ANSWERS_SHOWN else None
    if interval is not None:
        ends = {"low": signed(interval[0]), "high": signed(interval[1])}
        score = UnbeggedCell(signed(groups.points), translated("%(low)s to %(high)s") % ends)
    return PlaceLine(
        name=segment_name(place.segment),
        segment=place.segment,
        matched=thousands(counts.matched),
        asked=_share(counts.asked, counts.share(counts.asked, counts.matched)),
        reasons=labels.reasons_words(place),
        answered=_share(counts.answered, counts.share(counts.answered, counts.sent)),
        score=score,
        quick=_share(counts.quick, counts.share(counts.quick, counts.answered)),
        burst=thousands(counts.burst),
        by_links=thousands(counts.by_links),
        staff_network=_of_known(counts, counts.of_staff_network, counts.of_known_network),
        shared_device=_of_known(counts, counts.of_shared_device, counts.of_known_device),
        signs=[labels.sign_words(sign) for sign in place.signs],
        selection=labels.selection_words(place.selection),
    )


def _share(part: int, share: AskedShare | None) -> UnbeggedCell:
    interval = interval_words(share)
    return UnbeggedCell(
        percent_words(share), f"{thousands(part)}; {interval}" if interval else thousands(part)
    )


def _of_known(counts: PlaceCounts, part: int, known: int) -> UnbeggedCell:
    share = counts.share(part, known)
    of_known = translated("%(n)s of %(known)s") % {"n": thousands(part), "known": thousands(known)}
    interval = interval_words(share)
    return UnbeggedCell(percent_words(share), f"{of_known}; {interval}" if interval else of_known)


def days_words(read: UnbeggedRead) -> str:
    """Which days are counted."""
    return translated("From %(first)s to %(last)s, both days included.") % {
        "first": day(read.window.first),
        "last": day(read.window.last),
    }

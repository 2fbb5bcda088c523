"""What pages show of marks, in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, NamedTuple
from uuid import UUID

from services.scorer.domain import MIN_ANSWERS_SHOWN, Groups
from services.scorer.labels import p_value_words
from services.scorer.marks.domain import MarkComparison, MarkReason
from services.scorer.marks.reading import ReadMark
from services.scorer.views import drawing_of
from shared.events.surveys import NpsMeasurement
from shared.pages.filters import bound, segment_name, signed, thousands
from shared.pages.language import counted, spoken, translated
from shared.pages.page import Page
from shared.values.messages import Message, message

REASON_LABELS: dict[MarkReason, Message] = {
    "running": message("The days after it are not over yet."),
    "too_few": message("Too few answers to compare: it takes 30 before and after."),
    "not_shown": message("You see no scores of this part."),
}
NOT_SHOWN = "\N{EN DASH}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


class ScoreCell(NamedTuple):
    """The score of 30 days."""

    score: str
    note: str
    """Its range and its answers."""


class MarkLine(NamedTuple):
    """A mark in a table."""

    number: int
    """As it stands on the drawing; 0: on none."""
    id: UUID
    day: date
    text: str
    place: str
    """Empty: the whole company."""
    before: ScoreCell
    after: ScoreCell
    difference: str
    """Empty: there is none."""
    note: str
    """The range and the p-value of the difference, or why there is none."""


@dataclass(frozen=True, kw_only=True)
class MarksOnTrend:
    """The marks on a trend's drawing, and the table below it."""

    lines: Sequence[MarkLine] = ()
    read: Sequence[ReadMark] = ()
    """What the lines say, the latest first."""

    @property
    def notes(self) -> list[tuple[date, str]]:
        """What stands on the drawing."""
        return [(line.day, str(line.number)) for line in self.lines]


@dataclass(frozen=True, kw_only=True)
class MarksPage(Page):
    """The marks that a reader may see, and the form of a new one."""

    template: ClassVar[str] = "marks.html"

    lines: list[MarkLine]
    heading: str
    measurement: NpsMeasurement
    may_write: bool
    new_id: str
    form: dict[str, str]
    faults: dict[str, str]
    segment_options: list[tuple[str, str]]
    next_href: str
    """Empty: these are the last ones."""
    confirmation: str


@dataclass(frozen=True, kw_only=True)
class MarkPage(Page):
    """One mark, and the forms that change and remove it."""

    template: ClassVar[str] = "mark.html"

    line: MarkLine
    may_write: bool
    form: dict[str, str]
    faults: dict[str, str]
    segment_options: list[tuple[str, str]]
    confirmation: str


def line_of(read: ReadMark, number: int = 0) -> MarkLine:
    """A mark as a row of a table."""
    mark, compared = read.mark, read.comparison
    change = compared.change
    difference, note = "", spoken(REASON_LABELS[compared.reason]) if compared.reason else ""
    if change is not None:
        difference = signed(change.points)
        note = translated("%(low)s to %(high)s, %(p)s") % {
            "low": bound(change.low),
            "high": bound(change.high),
            "p": p_value_words(change.p).replace(" ", NO_BREAK_SPACE),
        }
    return MarkLine(
        number=number,
        id=mark.id,
        day=mark.day,
        text=mark.text,
        place=segment_name(mark.segment) if mark.segment else "",
        before=_cell(compared, compared.groups_before, scored=True),
        after=_cell(compared, compared.groups_after, scored=not compared.running),
        difference=difference,
        note=note,
    )


def on_trend(marks: Sequence[ReadMark]) -> MarksOnTrend:
    """The marks of a trend with their numbers, the earliest first."""
    return MarksOnTrend(lines=[line_of(read, n) for n, read in enumerate(reversed(marks), 1)], read=marks)


def _cell(compared: MarkComparison, groups: Groups, *, scored: bool) -> ScoreCell:
    if compared.reason == "not_shown":
        return ScoreCell(NOT_SHOWN, "")
    answers = counted("%(answers)s answer", "%(answers)s answers", groups.n) % {
        "answers": thousands(groups.n)
    }
    drawing = drawing_of(groups) if scored and groups.n >= MIN_ANSWERS_SHOWN else None
    if drawing is None:
        return ScoreCell(NOT_SHOWN, answers)
    ends = translated("%(low)s to %(high)s") % {
        "low": signed(drawing.low95),
        "high": signed(drawing.high95),
    }
    return ScoreCell(signed(drawing.nps), f"{ends}; {answers}")

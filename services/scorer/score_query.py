"""What the address of a page of scores asks for, and the addresses of the pages linked from it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from services.scorer.amendments.reading import ChoiceParameters
from services.scorer.asked_days import AskedDays
from services.scorer.parameters import DEFAULT_WINDOW, lowest_of
from services.scorer.repository.selection import AnswerChannel, AnswerGroup
from services.scorer.windows import Window
from shared.events import WHOLE_COMPANY
from shared.events.surveys import NpsMeasurement

ComparedWith = Literal["before", "year"]
CHOICES = ("amended", "per", "as_of")
USUAL_CHOICES = ChoiceParameters()


def query_days(days: AskedDays) -> dict[str, Any]:
    """The fields of a :class:`ScoreQuery` that ask for these days."""
    window = days.window or ("" if days.are_own else DEFAULT_WINDOW)
    return {"window": window, "until": days.until or None, "first": days.first, "last": days.last}


@dataclass(frozen=True, slots=True)
class ScoreQuery:
    """The parameters of a page of scores, which its first sentence shows."""

    segments: tuple[str, ...] | None = None
    """On ``/segments``: the answers that lie in all of these are counted, and listed too. None: on ``/``."""
    path: str = WHOLE_COMPANY
    touchpoint: str = WHOLE_COMPANY
    measurement: NpsMeasurement | None = None
    """None: the one that the company asks for most, see ``score_page_loader``."""
    window: str = DEFAULT_WINDOW
    """Empty: ``first`` and ``last`` are the days."""
    until: str | None = None
    """The last day of the window; None: today, or the day of ``choices.as_of``."""
    first: str = ""
    last: str = ""
    choices: ChoiceParameters = USUAL_CHOICES
    against: ComparedWith = "before"
    by: str = ""
    """The dimension whose values are compared; empty: the touchpoint, or else the first there is."""
    kind: AnswerGroup = ""
    """The list holds only answers of this group, or with this score."""
    words: str = ""
    """The list holds only answers whose comment contains this text."""
    theme: str = ""
    """The list holds only answers whose comment names this theme."""
    channel: AnswerChannel = ""
    """The list holds only answers that came so."""

    @property
    def selection(self) -> tuple[str, ...]:
        """The segments in all of which the counted answers lie; of a path only its lowest level."""
        return lowest_of((*(self.segments or ()), self.path, self.touchpoint))

    @property
    def chosen(self) -> dict[str, str]:
        """The parameters of the choices that are not the usual ones."""
        written = {name: getattr(self.choices, name) for name in CHOICES}
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in written.items()
            if value != getattr(USUAL_CHOICES, name)
        }

    @property
    def own_days(self) -> dict[str, str]:
        """The parameters of the page's own days."""
        return {name: day for name, day in (("from", self.first), ("to", self.last)) if day}

    @property
    def lists_answers(self) -> bool:
        """Whether the page lists the answers themselves."""
        return self.segments is not None

    def href(self, **changes: Any) -> str:
        """The address of this page, or of one with these changes, of the choices too."""
        chosen = {name: changes.pop(name) for name in CHOICES if name in changes}
        query = replace(self, choices=replace(self.choices, **chosen), **changes)
        parameters: dict[str, Any] = {"path": query.path, "touchpoint": query.touchpoint}
        if query.segments is not None:
            parameters["segment"] = query.segments or (WHOLE_COMPANY,)
        parameters |= {"measurement": query.measurement, "window": query.window, "until": query.until}
        parameters |= {**query.own_days, **query.chosen}
        parameters |= {"against": query.against, "by": query.by, "kind": query.kind, "words": query.words}
        parameters |= {"theme": query.theme, "channel": query.channel}
        given = {name: value for name, value in parameters.items() if value}
        return f"{'/segments' if query.lists_answers else '/'}?{urlencode(given, doseq=True)}"

    def document_href(self, form: Literal["", "/export"] = "") -> str:
        """The address of the figures of this page, as a document or as a file."""
        names = ("measurement", "window", "until", "against", "by")
        return self._href_of(f"/v1/scores/overview{form}", *names, **self.chosen)

    def answers_file_href(self, measurement: NpsMeasurement, form: Literal["csv", "jsonl"]) -> str:
        """The address of the file of the answers that the page lists.

        :param measurement: that of the page, where its address names none.
        """
        query = replace(self, measurement=measurement)
        names = ("measurement", "window", "until", "kind", "words", "theme", "channel")
        return f"{query._href_of('/v1/scores/answers/export', *names)}&format={form}"  # noqa: SLF001

    def _href_of(self, path: str, *names: str, **more: str) -> str:
        given: dict[str, Any] = {"segment": self.selection} | {name: getattr(self, name) for name in names}
        given |= self.own_days | more
        return f"{path}?{urlencode({name: value for name, value in given.items() if value}, doseq=True)}"

    def segments_page(self, *more: str, **changes: Any) -> "ScoreQuery":
        """The page below ``/segments`` of the same selection, narrowed to ``more``."""
        selection = replace(
            self, segments=(*self.selection, *more), path=WHOLE_COMPANY, touchpoint=WHOLE_COMPANY
        ).selection
        plain = {"path": WHOLE_COMPANY, "touchpoint": WHOLE_COMPANY, "by": ""}
        plain |= {"kind": "", "words": "", "theme": "", "channel": ""}
        return replace(self, segments=selection, **(plain | changes))

    def part_href(self, segment: str) -> str:
        """The address of the page of a part of the selection."""
        return self.segments_page(segment).href()

    @property
    def usual_href(self) -> str:
        """The address of the same page with all answers as they are now."""
        return replace(self, choices=USUAL_CHOICES).href()

    def list_href(self, window: Window, measurement: NpsMeasurement, dimension: str = "") -> str:
        """The address of the segments by score on the same days.

        :param window: the days that the page shows.
        """
        given = {"dimension": dimension, "measurement": measurement if measurement != "transactional" else ""}
        return self._same_days("/segments", window, **given)

    def themes_href(self, window: Window, measurement: NpsMeasurement) -> str:
        """The address of the themes of comments on the same days; of several segments, of the company."""
        segment = self.selection[0] if len(self.selection) == 1 else WHOLE_COMPANY
        return self._same_days("/themes", window, measurement=measurement, segment=segment)

    def _same_days(self, path: str, window: Window, **given: str) -> str:
        days = AskedDays(window=self.window, until=self.until or "", first=self.first, last=self.last)
        if self.choices.as_of is not None and not days.until and not days.are_own:
            days = AskedDays.of(window)
        return (
            f"{path}?{urlencode({name: value for name, value in given.items() if value} | days.parameters)}"
        )

    def compare_href(self, now: Window, before: Window, measurement: NpsMeasurement) -> str:
        """The address of the comparison of two windows; empty where several segments are selected, or the
        windows share days.
        """
        return self._windows_href("/compare", now, before, measurement)

    def drivers_href(self, now: Window, before: Window, measurement: NpsMeasurement, by: str = "") -> str:
        """The address of what the difference of two windows is made of; empty where they are not compared.

        :param by: the dimension; empty: the usual one.
        """
        href = self._windows_href("/drivers", now, before, measurement)
        return f"{href}&{urlencode({'dimension': by})}" if href and by else href

    def gap_href(self, window: Window) -> str:
        """The address of both scores of the selection; empty where several segments are selected."""
        if len(self.selection) > 1:
            return ""
        about = {"segment": self.selection, "from": window.first, "to": window.last}
        return f"/gap?{urlencode(about, doseq=True)}"

    def week_href(self, week: Window) -> str:
        """The address of this page for one week, against the week before it."""
        days = {"window": f"{week.days}d", "until": week.last.isoformat(), "first": "", "last": ""}
        if not self.lists_answers:
            days = {"window": "", "first": week.first.isoformat(), "last": week.last.isoformat()}
        return self.href(**days, against="before")

    def _windows_href(self, path: str, now: Window, before: Window, measurement: NpsMeasurement) -> str:
        if len(self.selection) > 1 or now.shared_days(before):
            return ""
        days = {"from": now.first, "to": now.last, "before_from": before.first, "before_to": before.last}
        about = {"segment": self.selection, "measurement": measurement}
        return f"{path}?{urlencode({**about, **days}, doseq=True)}"

    def answers_href(self, window: Window, measurement: NpsMeasurement, **only: Any) -> str:
        """The address of the list of exactly the answers of a selection, a window and a measurement.

        :param only: further parameters: the kind, words or theme of the answers.
        """
        days = {"window": f"{window.days}d", "until": window.last.isoformat(), "first": "", "last": ""}
        page = self.segments_page(measurement=measurement, choices=USUAL_CHOICES, **days, **only)
        return f"{page.href()}#answers"

"""What the address of a page of scores asks for, and the addresses of the pages linked from it."""

from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

from services.scorer.repository.selection import AnswerGroup
from services.scorer.windows import DEFAULT_WINDOW_DAYS, Window
from shared.events import WHOLE_COMPANY
from shared.events.segments import chain_of
from shared.events.surveys import NpsMeasurement

ComparedWith = Literal["before", "year"]


@dataclass(frozen=True, slots=True)
class ScoreQuery:
    """The parameters of a page of scores, which its first sentence shows."""

    segments: tuple[str, ...] | None = None
    """On ``/segments``: the answers that lie in all of these are counted, and listed too. None: on ``/``."""
    path: str = WHOLE_COMPANY
    touchpoint: str = WHOLE_COMPANY
    measurement: NpsMeasurement | None = None
    """None: the one that the company asks for most, see ``score_page_loader``."""
    window: str = f"{DEFAULT_WINDOW_DAYS}d"
    until: str | None = None
    """The last day of the window; None: today."""
    against: ComparedWith = "before"
    by: str = ""
    """The dimension whose values are compared; empty: the touchpoint, or else the first there is."""
    kind: AnswerGroup = ""
    """The list holds only answers of this group."""
    words: str = ""
    """The list holds only answers whose comment contains this text."""
    theme: str = ""
    """The list holds only answers whose comment names this theme."""

    @property
    def selection(self) -> tuple[str, ...]:
        """The segments in all of which the counted answers lie; of a path only its lowest level."""
        named = dict.fromkeys(part for part in (*(self.segments or ()), self.path, self.touchpoint) if part)
        above = {level for part in named for level in chain_of(part)[:-1]}
        return tuple(part for part in named if part not in above)

    @property
    def lists_answers(self) -> bool:
        """Whether the page lists the answers themselves."""
        return self.segments is not None

    def href(self, **changes: Any) -> str:
        """The address of this page, or of one with these changes."""
        query = replace(self, **changes)
        parameters: dict[str, Any] = {"path": query.path, "touchpoint": query.touchpoint}
        if query.segments is not None:
            parameters["segment"] = query.segments or (WHOLE_COMPANY,)
        parameters |= {"measurement": query.measurement, "window": query.window, "until": query.until}
        parameters |= {"against": query.against, "by": query.by, "kind": query.kind, "words": query.words}
        parameters |= {"theme": query.theme}
        given = {name: value for name, value in parameters.items() if value}
        return f"{'/segments' if query.lists_answers else '/'}?{urlencode(given, doseq=True)}"

    def document_href(self, form: Literal["", "/export"] = "") -> str:
        """The address of the figures of this page, as a document or as a file."""
        return self._href_of(f"/v1/scores/overview{form}", "measurement", "window", "until", "against", "by")

    def answers_file_href(self, measurement: NpsMeasurement, form: Literal["csv", "jsonl"]) -> str:
        """The address of the file of the answers that the page lists.

        :param measurement: that of the page, where its address names none.
        """
        query = replace(self, measurement=measurement)
        names = ("measurement", "window", "until", "kind", "words", "theme")
        return f"{query._href_of('/v1/scores/answers/export', *names)}&format={form}"  # noqa: SLF001

    def _href_of(self, path: str, *names: str) -> str:
        given = {"segment": self.selection} | {name: getattr(self, name) for name in names}
        return f"{path}?{urlencode({name: value for name, value in given.items() if value}, doseq=True)}"

    def segments_page(self, *more: str, **changes: Any) -> "ScoreQuery":
        """The page below ``/segments`` of the same selection, narrowed to ``more``."""
        selection = replace(
            self, segments=(*self.selection, *more), path=WHOLE_COMPANY, touchpoint=WHOLE_COMPANY
        ).selection
        plain = {"path": WHOLE_COMPANY, "touchpoint": WHOLE_COMPANY, "by": ""}
        plain |= {"kind": "", "words": "", "theme": ""}
        return replace(self, segments=selection, **(plain | changes))

    def part_href(self, segment: str) -> str:
        """The address of the page of a part of the selection."""
        return self.segments_page(segment).href()

    def compare_href(self, now: Window, before: Window, measurement: NpsMeasurement) -> str:
        """The address of the comparison of two windows; empty where several segments are selected, or the
        windows share days.
        """
        if len(self.selection) > 1 or now.shared_days(before):
            return ""
        days = {"from": now.first, "to": now.last, "before_from": before.first, "before_to": before.last}
        about = {"segment": self.selection, "measurement": measurement}
        return f"/compare?{urlencode({**about, **days}, doseq=True)}"

    def answers_href(self, window: Window, measurement: NpsMeasurement, **only: Any) -> str:
        """The address of the list of exactly the answers of a selection, a window and a measurement.

        :param only: further parameters: the kind, words or theme of the answers.
        """
        page = self.segments_page(
            window=f"{window.days}d", until=window.last.isoformat(), measurement=measurement, **only
        )
        return f"{page.href()}#answers"

"""What the address of a page of scores says, and the addresses of the pages beside it."""

from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

from services.scorer.window import USUAL, Window
from shared.events import WHOLE_COMPANY
from shared.events.segments import chain_of
from shared.events.surveys import Measurement

Against = Literal["before", "year"]
Kind = Literal["", "detractors", "passives", "promoters"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the sentence above the page says."""

    segments: tuple[str, ...] | None = None
    """On a page of segments: those in all of which the answers lie, which are listed too."""
    path: str = WHOLE_COMPANY
    touchpoint: str = WHOLE_COMPANY
    measurement: Measurement | None = None
    """None: the one that the company asks for most, see ``report``."""
    window: str = f"{USUAL}d"
    until: str | None = None
    """The last day; None: today."""
    against: Against = "before"
    by: str = ""
    kind: Kind = ""
    """Of which answers the list is."""
    words: str = ""
    """What the comments in the list hold."""

    @property
    def selection(self) -> tuple[str, ...]:
        """The segments in all of which the answers lie; of a path only its lowest level."""
        named = dict.fromkeys(part for part in (*(self.segments or ()), self.path, self.touchpoint) if part)
        above = {level for part in named for level in chain_of(part)[:-1]}
        return tuple(part for part in named if part not in above)

    @property
    def lists(self) -> bool:
        """Whether the answers themselves are listed."""
        return self.segments is not None

    def href(self, **changes: Any) -> str:
        """The address of this page, or with these changes of one like it."""
        asked = replace(self, **changes)
        given: dict[str, Any] = {"path": asked.path, "touchpoint": asked.touchpoint}
        if asked.segments is not None:
            given["segment"] = asked.segments or (WHOLE_COMPANY,)
        given |= {"measurement": asked.measurement, "window": asked.window, "until": asked.until}
        given |= {"against": asked.against, "by": asked.by, "kind": asked.kind, "words": asked.words}
        told = {key: value for key, value in given.items() if value}
        return f"{'/segments' if asked.lists else '/'}?{urlencode(told, doseq=True)}"

    def of(self, *more: str, **changes: Any) -> "Asked":
        """The page of segments of the same selection, and of these."""
        selection = replace(
            self, segments=(*self.selection, *more), path=WHOLE_COMPANY, touchpoint=WHOLE_COMPANY
        ).selection
        plain = {"path": WHOLE_COMPANY, "touchpoint": WHOLE_COMPANY, "by": "", "kind": "", "words": ""}
        return replace(self, segments=selection, **(plain | changes))

    def part_href(self, segment: str) -> str:
        """Where a part of the selection is a page."""
        return self.of(segment).href()

    def answers_href(self, window: Window, measurement: Measurement) -> str:
        """Where exactly the answers of a figure are listed: of a selection, a window and a measurement."""
        return (
            self.of(window=f"{window.days}d", until=window.last.isoformat(), measurement=measurement).href()
            + "#answers"
        )

"""By which score and at which moment an answer counts, and whether all answers of a customer do. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from services.scorer.windows import Window, today_in

AmendedScore = Literal["latest", "first"]
"""Which score of an answer counts that was amended."""
CountedPer = Literal["answer", "customer"]
"""Whether every answer counts, or of each customer the latest one of the window and segment."""

_LATEST_ZONE = timedelta(hours=12)
"""How long after UTC a day ends on earth, at most."""
_EARLIEST_ZONE = timedelta(hours=14)
"""How long before UTC a day begins on earth, at most."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment at which the answers are looked at, and which days lie before it.

    A day of an answer is that of its company's time zone when it was given, which may have changed since: so
    the days around the moment are not told by a zone.
    """

    at: datetime
    zone: str
    """The time zone of the company."""

    @property
    def day(self) -> date:
        """The company's day in which it lies."""
        return today_in(self.zone, self.at)

    @property
    def last_ended(self) -> date:
        """The last day that is over at the moment. Anonymous answers count from the end of their day on."""
        return self.day - timedelta(days=1)

    @property
    def last_whole(self) -> date:
        """The last day all of whose answers were given by then, in whatever zone: its kept counts hold."""
        return (self.at.astimezone(UTC) - _LATEST_ZONE).date() - timedelta(days=1)

    @property
    def last(self) -> date:
        """The last day of which an answer can have been given by then."""
        return (self.at.astimezone(UTC) + _EARLIEST_ZONE).date()


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    """How the answers of a window and segment are counted."""

    amended: AmendedScore = "latest"
    per: CountedPer = "answer"
    moment: Moment | None = None
    """Count the answers that were there, each with the score that it had; None: as they are now."""

    @property
    def is_usual(self) -> bool:
        """Whether every answer counts as it is now: then the kept counts are all that is needed."""
        return self == AnswerChoice()

    @property
    def has_periods(self) -> bool:
        """Whether the counts of a window are the sums of its days: not where a customer counts once."""
        return self.per == "answer"

    def reached(self, window: Window) -> Window:
        """The window as far as answers of it can be there; it may have no day."""
        return Window(window.first, min(window.last, self.moment.last)) if self.moment else window

    def divided(self, window: Window) -> tuple[Window | None, Window | None]:
        """The days whose kept counts hold but for amendments, and those whose answers must be looked at; None
        where there are none.
        """
        if self.moment is None:
            return window, None
        whole = Window(window.first, min(window.last, self.moment.last_whole))
        single = Window(max(window.first, whole.last + timedelta(days=1)), self.reached(window).last)
        return (whole if whole.days > 0 else None), (single if single.days > 0 else None)

"""The days that the forms of a page offer, and those that they keep."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.scorer.asked_days import AskedDays
from services.scorer.windows import Window
from shared.pages.filters import day
from shared.pages.language import counted


@dataclass(frozen=True, kw_only=True)
class DayChoice:
    """The choice of a window, and the form of own days."""

    options: list[tuple[str, str]]
    """The values of the parameter ``window``; the empty one stands for own days."""
    chosen: str
    kept: dict[str, str]
    """The parameters that the form with the windows sends besides: the last day, or own days."""
    first: str
    """The first day that is shown."""
    last: str

    @classmethod
    def of(cls, asked: AskedDays, shown: Window, offered: Iterable[int]) -> "DayChoice":
        """What a page shows.

        :param asked: what its address says.
        :param shown: the days that were meant.
        :param offered: the lengths of the windows, in days.
        """
        until = day(shown.last)
        lengths = sorted({*offered, shown.days})
        if asked.until:
            options = [(f"{n}d", _until_words(n, until)) for n in lengths]
        else:
            options = [
                (f"{n}d", counted("the last day", "the last %(num)s days", n) % {"num": n}) for n in lengths
            ]
        if asked.are_own:
            options.insert(0, ("", _until_words(shown.days, until)))
        kept = {name: value for name, value in asked.parameters.items() if name != "window"}
        return cls(
            options=options,
            chosen="" if asked.are_own else f"{shown.days}d",
            kept=kept,
            first=shown.first.isoformat(),
            last=shown.last.isoformat(),
        )


def _until_words(days: int, last: str) -> str:
    words = counted("the day %(last)s", "the %(num)s days until %(last)s", days)
    return words % {"num": days, "last": last}

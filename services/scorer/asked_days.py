"""The days that an address asks for, as it writes them: ``window`` and ``until``, or ``from`` and ``to``."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import Depends, Query

from services.scorer.parameters import DEFAULT_WINDOW, fault_of, read_asked_window
from services.scorer.windows import MAX_WINDOW_DAYS, Window
from shared.values.messages import message

WindowParameter = Annotated[
    str, Query(description=f"A number of days, 1d to 3650d; {DEFAULT_WINDOW} where no days are named.")
]
UntilParameter = Annotated[str, Query(description="The last day of `window`; today in the company's zone.")]
FromParameter = Annotated[
    str, Query(alias="from", description="Instead of `window`: the first day, by the company's clock.")
]
ToParameter = Annotated[str, Query(alias="to", description="The last day of those from `from` on, included.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDays:
    """The four parameters; an empty one is none."""

    window: str = ""
    until: str = ""
    first: str = ""
    """The parameter ``from``."""
    last: str = ""
    """The parameter ``to``."""

    @classmethod
    def of(cls, window: Window) -> "AskedDays":
        """Exactly these days."""
        return cls(first=window.first.isoformat(), last=window.last.isoformat())

    @property
    def are_own(self) -> bool:
        """Whether both ends are named, or one of them."""
        return bool(self.first or self.last)

    @property
    def parameters(self) -> dict[str, str]:
        """By which an address asks for the same days."""
        given = {"window": self.window, "until": self.until, "from": self.first, "to": self.last}
        return {name: value for name, value in given.items() if value}

    @property
    def of_form(self) -> "AskedDays":
        """As a page reads them: its form sends the days that were shown beside the window that is chosen,
        and that goes before them.
        """
        return replace(self, first="", last="") if self.window else self

    def read(self, today: date, *, usual: str = DEFAULT_WINDOW, most: int = MAX_WINDOW_DAYS) -> Window:
        """The days that are meant.

        :param usual: the window where none and no days are named.
        :param most: the number of days that can be counted.
        :raises Problem: 422, naming the parameter and its remedy.
        """
        length = self.window or ("" if self.are_own else usual)
        window = read_asked_window(length, self.until, self.first, self.last, today)
        if window.days > most:
            field = "from" if self.are_own else "window"
            raise fault_of(field, message("Choose at most %(most)s days.", most=most))
        return window


USUAL_DAYS = AskedDays()
"""None are named."""


def asked_days(
    window: WindowParameter = "",
    until: UntilParameter = "",
    first: FromParameter = "",
    last: ToParameter = "",
) -> AskedDays:
    """What the query says of days."""
    return AskedDays(window=window, until=until, first=first, last=last)


GivenDays = Annotated[AskedDays, Depends(asked_days)]

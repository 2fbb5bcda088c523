"""Times and numbers as people write them, by the order and the signs that they have chosen."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from shared.values.messages import Message, message
from shared.values.zones import zone_of

DateOrder = Literal["ymd", "dmy", "mdy"]
DATE_ORDERS: tuple[DateOrder, ...] = get_args(DateOrder)
Decimal = Literal["point", "comma"]
DECIMALS: tuple[Decimal, ...] = get_args(Decimal)
_DATE = re.compile(
    r"(\d{1,4})[-./ ](\d{1,2})[-./ ](\d{1,4})\.?"
    r"(?:[T, ]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,6})\d*)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?)?"
    r"\s*(Z|UTC|GMT|(?(4)[+-]\d{2}(?::?\d{2})?|[+-]\d{2}:?\d{2}))?",
    re.ASCII,
)
"""An offset of hours alone stands behind a time, as PostgreSQL writes it, and behind no day."""
_WITH_GROUPS = {
    "point": re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?", re.ASCII),
    "comma": re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?", re.ASCII),
}
_MAX_NUMBER_LENGTH = 40
"""Longer ones are no amounts, and most readers of JSON refuse them."""
_ANY_ZONE = zone_of()
_BLANKS = re.compile(r"[\s\u00a0\u202f']+")
TIME_REMEDIES: dict[DateOrder, Message] = {
    "ymd": message("Write the time like 2026-03-02 14:30, or choose another order of day and month."),
    "dmy": message("Write the time like 02/03/2026 14:30, day before month, or choose another order."),
    "mdy": message("Write the time like 03/02/2026 14:30, month before day, or choose another order."),
}
NUMBER_REMEDIES: dict[Decimal, Message] = {
    "point": message("Is no number like 1,234.50. Mend it, or choose the decimal comma."),
    "comma": message("Is no number like 1.234,50. Mend it, or choose the decimal point."),
}


def time_of(cell: str, order: DateOrder, zone: ZoneInfo) -> datetime | None:
    """The time in UTC that a cell says; None when it says none in this order.

    A year of four digits in front is one in each order; without an offset it is the zone's, and a day alone
    begins at midnight there.
    """
    match = _DATE.fullmatch(cell.strip())
    if match is None:
        return None
    first, middle, last, hour, minute, second, fraction, half, offset = match.groups()
    if len(first) == 4:  # noqa: PLR2004  (a year)
        year, month, day = first, middle, last
    elif order == "dmy":
        day, month, year = first, middle, last
    elif order == "mdy":
        month, day, year = first, middle, last
    else:
        return None
    if len(year) != 4 or len(day) > 2:  # noqa: PLR2004
        return None
    try:
        at = datetime.combine(
            date(int(year), int(month), int(day)),
            time(
                _hour(int(hour or 0), half),
                int(minute or 0),
                int(second or 0),
                int((fraction or "0").ljust(6, "0")),
            ),
        )
        return _with_offset(at, offset, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:  # noqa: PLR2004
        raise ValueError(hour)
    return hour % 12 + (12 if half in "Pp" else 0)


def _with_offset(at: datetime, offset: str | None, zone: ZoneInfo) -> datetime:
    if offset is None:
        return at.replace(tzinfo=zone)
    if offset in {"Z", "UTC", "GMT"}:
        return at.replace(tzinfo=UTC)
    hours, minutes = int(offset[1:3]), int(offset[3:].removeprefix(":") or 0)
    if minutes >= 60:  # noqa: PLR2004
        raise ValueError(offset)
    ahead = timedelta(hours=hours, minutes=minutes)
    return at.replace(tzinfo=timezone(ahead if offset[0] == "+" else -ahead))


@dataclass
class OrderSigns:
    """What the cells of whole columns say of the order of day and month."""

    only: set[DateOrder] = field(default_factory=set)
    """Orders that alone fit some cell."""
    either: bool = False
    """Whether some cell is one day by the one order and another day by the other."""
    year_behind: bool = False

    def add(self, cell: str) -> None:
        """One more cell; what is no time says nothing."""
        if cell[:4].isdecimal():
            return
        dmy, mdy = time_of(cell, "dmy", _ANY_ZONE), time_of(cell, "mdy", _ANY_ZONE)
        if dmy is None and mdy is None:
            return
        self.year_behind = True
        if dmy is None:
            self.only.add("mdy")
        elif mdy is None:
            self.only.add("dmy")
        elif dmy != mdy:
            self.either = True

    @property
    def order(self) -> DateOrder | None:
        """The order of all cells; None: it cannot be told, or there is not one."""
        if len(self.only) > 1 or (self.either and not self.only):
            return None
        if self.only:
            return next(iter(self.only))
        return "dmy" if self.year_behind else "ymd"

    def contradict(self, order: DateOrder) -> bool:
        """Whether some cell can only be read in another order than this, so that others would be another day.

        Where the year is in front (``ymd``) no cell is another day: it is read, or refused.
        """
        return order != "ymd" and bool(self.only - {order})


def guess_order(cells: list[str]) -> DateOrder:
    """The order in which most of these can be read; day before month where they tell nothing.

    To be shown to somebody who chooses: nothing is taken by it without being asked (see ``OrderSigns``).
    """
    zone = zone_of()
    given = [cell for cell in cells if cell.strip()]
    read = {order: sum(time_of(cell, order, zone) is not None for cell in given) for order in DATE_ORDERS}
    return max(DATE_ORDERS, key=lambda order: read[order])


def number_of(cell: str, decimal: Decimal) -> str | None:
    """The number that a cell says, as JSON writes it; None when it says none."""
    text = _BLANKS.sub("", cell)
    if len(text) > _MAX_NUMBER_LENGTH or not _WITH_GROUPS[decimal].fullmatch(text):
        return None
    grouping, point = (",", ".") if decimal == "point" else (".", ",")
    whole, _, fraction = text.replace(grouping, "").removeprefix("+").partition(point)
    sign = "-" if whole.startswith("-") else ""
    digits = whole.removeprefix("-").lstrip("0") or "0"
    return f"{sign}{digits}.{fraction}" if fraction else f"{sign}{digits}"


def whole_of(cell: str, decimal: Decimal) -> int | None:
    """The whole number that a cell says, also as 9,0 or 9.0."""
    written = number_of(cell, decimal)
    if written is None:
        return None
    whole, _, fraction = written.partition(".")
    return int(whole) if not fraction.strip("0") and len(whole) < 16 else None  # noqa: PLR2004

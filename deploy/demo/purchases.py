"""The purchases of CDNOW, January 1997 to June 1998, and the same with their dates moved to today."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

CDNOW_COLUMNS = ["customer_id", "date", "number_of_cds", "dollar_value"]


class Purchase(NamedTuple):
    number: int
    """The number of its line: a stable order number."""
    customer: str
    day: date
    cds: int
    cents: int


def read_purchases(path: Path) -> list[Purchase]:
    """All purchases of the file, in chronological order."""
    with path.open(encoding="ascii") as lines:
        return parse_purchases(lines)


def parse_purchases(lines: Iterable[str]) -> list[Purchase]:
    """The purchases of these lines, in chronological order.

    :raises ValueError: when it is another file.
    """
    rows = iter(lines)
    if (header := next(rows).split()) != CDNOW_COLUMNS:
        raise ValueError(f"not the purchases of CDNOW: its columns are {header}")
    # Few distinct values in many rows: each is stored once.
    customers: dict[str, str] = {}
    days: dict[str, date] = {}
    found = []
    for number, row in enumerate(rows, start=1):
        customer, day, cds, dollars = row.split()
        bought_on = days.get(day) or days.setdefault(day, date.fromisoformat(day))
        customer = customers.setdefault(customer, customer)
        found.append(Purchase(number, customer, bought_on, int(cds), round(float(dollars) * 100)))
    return sorted(found, key=lambda purchase: (purchase.day, purchase.number))


def move_to_today(purchases: Sequence[Purchase], today: date, days: int) -> list[Purchase]:
    """Those of the last `days` days, moved so that the newest are of today."""
    shift: timedelta = today - purchases[-1].day
    first = today - timedelta(days=days - 1)
    return [
        purchase._replace(day=purchase.day + shift) for purchase in purchases if purchase.day + shift >= first
    ]

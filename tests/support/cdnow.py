"""The purchases of CDNOW, and how many of them the customers may be asked about: counted in one pass."""

from collections.abc import Iterable
from datetime import date
from functools import cache

import pytest

from deploy.demo import data
from deploy.demo.purchases import Purchase, read_purchases

ASKED = {1: 67_591, 30: 50_548, 90: 39_677}
"""Of the whole file, by the days of the quarantine: of 69,659 purchases of 23,570 customers."""


@cache
def all_purchases() -> tuple[Purchase, ...]:
    """The whole file in chronological order; the test is skipped where it cannot be fetched."""
    try:
        data.fetch(lambda _: None)
    except data.FetchError as error:
        pytest.skip(f"the purchases of CDNOW cannot be fetched: {error}")
    return tuple(read_purchases(data.PURCHASES_FILE))


def count_asked(purchases: Iterable[Purchase], days: int) -> int:
    """A customer is asked about the first purchase, and about one at least so many days after the last asked."""
    last: dict[str, date] = {}
    asked = 0
    for purchase in purchases:
        before = last.get(purchase.customer)
        if before is None or (purchase.day - before).days >= days:
            last[purchase.customer] = purchase.day
            asked += 1
    return asked

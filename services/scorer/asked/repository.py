"""Reads how many were asked, and what became of it.

Of a company or a segment what is counted and what is noted are read in one statement: their sum is true at
any time; so of a declared pair. Of other segments at once the invitations are read.
"""

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row

from services.scorer.asked.domain import AskedCounts, total_of
from services.scorer.domain import Groups
from services.scorer.repository.count_columns import IS_DETRACTOR, IS_PASSIVE, IS_PROMOTER
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window
from shared.db.database import UnitOfWork

COUNTS_IN_SHARES = """
    i.tenant = :tenant AND i.measurement = :measurement AND NOT i.test AND NOT i.anonymous
      AND NOT i.beyond_draw AND i.channel IS DISTINCT FROM 'link' AND i.sent_local IS NOT NULL
      AND i.segments @> CAST(:selection AS text[])
"""
"""Which invitations shares are of: the condition of migration 0022. Whether a company has shown a link that
it shows itself is not known."""
# Their days are by the company's clock of then, as the counts have them: an index finds those of any clock.
WAS_ASKED = f"""
    {COUNTS_IN_SHARES} AND CAST(i.sent_local AS date) BETWEEN :first AND :last
      AND i.sent_at >= CAST(:first AS date) - interval '1 day'
      AND i.sent_at <= CAST(:last AS date) + interval '2 days'
"""
"""Those that were sent in a window."""
COUNTED = f"""
    count(*) AS asked,
    count(*) FILTER (
        WHERE i.state IS DISTINCT FROM 'bounced' AND i.report IS DISTINCT FROM 'undeliverable'
    ) AS delivered,
    count(*) FILTER (WHERE i.opened) AS opened,
    count(i.score) AS answered,
    count(*) FILTER (WHERE {IS_DETRACTOR}) AS detractors,
    count(*) FILTER (WHERE {IS_PASSIVE}) AS passives,
    count(*) FILTER (WHERE {IS_PROMOTER}) AS promoters
"""
NUMBERS = ("asked", "delivered", "opened", "answered", "detractors", "passives", "promoters")
NOTED_NUMBERS = f"""
    n AS asked,
    CASE WHEN delivered THEN n ELSE 0 END AS delivered,
    CASE WHEN opened THEN n ELSE 0 END AS opened,
    CASE WHEN score IS NOT NULL THEN n ELSE 0 END AS answered,
    CASE WHEN {IS_DETRACTOR} THEN n ELSE 0 END AS detractors,
    CASE WHEN {IS_PASSIVE} THEN n ELSE 0 END AS passives,
    CASE WHEN {IS_PROMOTER} THEN n ELSE 0 END AS promoters
"""
"""Of a row of ``asked_change``, under the names of the numbers."""
NUMBER_COLUMNS = ", ".join(NUMBERS)
NUMBER_SUMS = ", ".join(f"sum({number}) AS {number}" for number in NUMBERS)
OF_DAYS = "tenant = :tenant AND measurement = :measurement AND day BETWEEN :first AND :last"
_NOTED = """
    FROM asked_change
    WHERE tenant = :tenant AND measurement = :measurement AND CAST(hour AS date) BETWEEN :first AND :last
      AND segments @> CAST(:selection AS text[])
"""

COUNT_INVITED_ROWS = f"SELECT {COUNTED} FROM invitation AS i WHERE {WAS_ASKED}"


async def count_asked(uow: UnitOfWork, selection: Selection, measurement: str, window: Window) -> AskedCounts:
    """The invitations that were sent in a window: not by an anonymous survey, not beyond the draw of one, and
    not those whose link the company shows itself.
    """
    if selection.kept is None:
        rows = await uow.execute(COUNT_INVITED_ROWS, row_values(selection, measurement, window))
        return counts_of(rows.one())
    days = await count_by_day(uow, selection, measurement, window)
    return total_of(each.counts for each in days)


class DayCounts(NamedTuple):
    """The invitations that were sent on a day by a channel."""

    day: date
    channel: str
    """Empty: not known, since an earlier version of the code kept them."""
    counts: AskedCounts
    endless: int
    """Those of which the end of the link is not known."""
    ends: datetime | None
    """When the last link of the others ends."""


COUNT_BY_DAY = f"""
    SELECT day, channel, {NUMBER_SUMS}, sum(endless) AS endless, max(ends) AS ends
    FROM (
        SELECT day, channel, {NUMBER_COLUMNS}, endless, ends
        FROM asked_count
        WHERE {OF_DAYS} AND segment = :segment
        UNION ALL
        SELECT CAST(hour AS date), channel, {NOTED_NUMBERS}, CASE WHEN endless THEN n ELSE 0 END, ends
        {_NOTED}
    ) AS c
    GROUP BY day, channel
    HAVING sum(asked) <> 0
    ORDER BY day, channel
"""


async def count_by_day(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window
) -> list[DayCounts]:
    """The same of a company, one segment or a declared pair, by day and channel."""
    rows = await uow.execute(COUNT_BY_DAY, count_values(selection, measurement, window))
    return [DayCounts(row.day, row.channel, counts_of(row), row.endless, row.ends) for row in rows]


# Of invitations that an earlier version kept the longest time that a link can work is taken.
FIND_ENDLESS_END = f"""
    SELECT max(i.sent_at + interval '365 days')
    FROM invitation AS i
    WHERE {WAS_ASKED} AND i.expires_at IS NULL
"""


async def find_last_end(
    uow: UnitOfWork, selection: Selection, measurement: str, days: list[DayCounts]
) -> datetime | None:
    """When the last link of these days ends; None: there are none."""
    ends = [each.ends for each in days if each.ends is not None]
    if endless := [each.day for each in days if each.endless]:
        last_day = Window(max(endless), max(endless))
        rows = await uow.execute(FIND_ENDLESS_END, row_values(selection, measurement, last_day))
        if (end := rows.scalar_one()) is not None:
            ends.append(end)
    return max(ends, default=None)


COUNT_BY_HOUR = f"""
    SELECT hour, {NUMBER_SUMS}
    FROM (
        SELECT hour, {NUMBER_COLUMNS} FROM asked_hour WHERE {OF_DAYS}
        UNION ALL
        SELECT CAST(extract(hour FROM hour) AS smallint), {NOTED_NUMBERS} {_NOTED}
    ) AS c
    GROUP BY hour
    HAVING sum(asked) <> 0
    ORDER BY hour
"""
COUNT_ROWS_BY_HOUR = f"""
    SELECT CAST(extract(hour FROM i.sent_local) AS smallint) AS hour, {COUNTED}
    FROM invitation AS i
    WHERE {WAS_ASKED}
    GROUP BY 1
    ORDER BY 1
"""


async def count_by_hour(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window
) -> dict[int, AskedCounts]:
    """The same by the hour of the company's zone. Of a segment the invitations are read."""
    if selection.segments:
        rows = await uow.execute(COUNT_ROWS_BY_HOUR, row_values(selection, measurement, window))
    else:
        rows = await uow.execute(COUNT_BY_HOUR, count_values(selection, measurement, window))
    return {row.hour: counts_of(row) for row in rows}


def count_values(selection: Selection, measurement: str, window: Window) -> dict[str, object]:
    """The parameters of a statement that reads counts of a company, one segment or a declared pair."""
    days = {"first": window.first, "last": window.last}
    return selection.kept_values() | {"measurement": measurement} | days


def row_values(selection: Selection, measurement: str, window: Window) -> dict[str, object]:
    """The parameters of a statement that reads invitations (``WAS_ASKED``)."""
    days = {"first": window.first, "last": window.last}
    return selection.values() | {"measurement": measurement} | days


def counts_of(row: Row[Any]) -> AskedCounts:
    """The numbers of a row, which has columns of their names."""
    groups = Groups(row.detractors, row.passives, row.promoters)
    return AskedCounts(row.asked, row.delivered, row.opened, row.answered, groups)

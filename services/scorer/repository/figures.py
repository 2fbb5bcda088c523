"""Reading the counts: sums over windows, days in a row, the parts of a whole, lists of segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.scorer.access import Sight
from services.scorer.domain import Groups
from services.scorer.window import Window, weeks_and_days
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY
from shared.events.nps import SCALE
from shared.events.segments import ORGANISATION

Counts = tuple[int, ...]
NOTHING: Counts = (0,) * len(SCALE)

_SUMS = ", ".join(f"coalesce(sum(c{score}), 0)::bigint AS c{score}" for score in SCALE)
_COLUMNS = ", ".join(f"c{score}" for score in SCALE)
_GROUPS = (
    ("score <= 6", "c0 + c1 + c2 + c3 + c4 + c5 + c6"),
    ("score IN (7, 8)", "c7 + c8"),
    ("score >= 9", "c9 + c10"),
)
"""Detractors, passives, promoters: of the answers, and of the counts."""
_NAMES = ("detractors", "passives", "promoters")


async def window_counts(
    uow: UnitOfWork, tenant: str, measurement: str, segment: str, window: Window
) -> Counts:
    """The eleven counts of a segment over a window."""
    row = await uow.execute(
        f"SELECT {_SUMS} FROM day_count WHERE tenant = :tenant AND measurement = :measurement "
        "AND segment = :segment AND day BETWEEN :first AND :last",
        {
            "tenant": tenant,
            "measurement": measurement,
            "segment": segment,
            "first": window.first,
            "last": window.last,
        },
    )
    return tuple(row.one())


async def days(
    uow: UnitOfWork, tenant: str, measurement: str, selection: Sequence[str], window: Window
) -> dict[date, Counts]:
    """The counts of each day that has answers in all the segments named; none named is the company.

    One segment's days are kept; what lies in several at once is counted from the answers.
    """
    values = {
        "tenant": tenant,
        "measurement": measurement,
        "first": window.first,
        "last": window.last,
    }
    if len(selection) <= 1:
        rows = await uow.execute(
            f"SELECT day, {_COLUMNS} FROM day_count WHERE tenant = :tenant AND measurement = :measurement "
            "AND segment = :segment AND day BETWEEN :first AND :last ORDER BY day",
            values | {"segment": selection[0] if selection else WHOLE_COMPANY},
        )
        return {row[0]: tuple(row[1:]) for row in rows}
    sums = ", ".join(f"count(*) FILTER (WHERE score = {score})" for score in SCALE)
    rows = await uow.execute(
        f"SELECT day, {sums} FROM answer WHERE tenant = :tenant AND measurement = :measurement "
        "AND segments @> CAST(:selection AS text[]) AND day BETWEEN :first AND :last AND score IS NOT NULL "
        "GROUP BY day ORDER BY day",
        values | {"selection": list(selection)},
    )
    return {row[0]: tuple(row[1:]) for row in rows}


@dataclass(frozen=True, slots=True)
class Part:
    """A segment in two windows."""

    segment: str
    now: Groups
    before: Groups


async def plan_each_time(uow: UnitOfWork) -> None:
    """Until the transaction ends: else a connection would keep one plan for every window from the sixth
    time on, and read a month like a year; the parts took up to 12 s.
    """
    await uow.execute("SET LOCAL plan_cache_mode = force_custom_plan")


async def parts(
    uow: UnitOfWork,
    tenant: str,
    measurement: str,
    selection: Sequence[str],
    dimension: str,
    now: Window,
    before: Window,
) -> list[Part]:
    """How the values of a dimension stand within a selection, in two windows, by one grouped query: whole
    weeks, and the days of the weeks that are cut.
    """
    values = {
        "tenant": tenant,
        "measurement": measurement,
        "low": f"{dimension}:",
        "high": f"{dimension};",  # the character after the colon: the end of the dimension's names
        "first": now.first,
        "last": now.last,
        "first_before": before.first,
        "last_before": before.last,
    }
    whens = ("day BETWEEN :first AND :last", "day BETWEEN :first_before AND :last_before")
    if selection:
        sums = ", ".join(
            f"count(*) FILTER (WHERE {when} AND {scores})" for when in whens for scores, _ in _GROUPS
        )
        rows = await uow.execute(
            f"SELECT s.segment, {sums} FROM answer, unnest(segments) AS s(segment) WHERE tenant = :tenant "
            "AND measurement = :measurement AND segments @> CAST(:selection AS text[]) "
            # What no index can tell, two spans, within what one can: the whole.
            f"AND day BETWEEN :earliest AND :latest AND ({' OR '.join(whens)}) "
            'AND score IS NOT NULL AND s.segment COLLATE "C" >= :low AND s.segment COLLATE "C" < :high '
            "GROUP BY s.segment",
            values
            | {
                "selection": list(selection),
                "earliest": min(now.first, before.first),
                "latest": max(now.last, before.last),
            },
        )
    else:
        weeks, days = weeks_and_days(now, before)
        sums = ", ".join(
            f"coalesce(sum({group}) FILTER (WHERE {when}), 0)" for when in whens for group in _NAMES
        )
        among = (
            "WHERE tenant = :tenant AND measurement = :measurement AND segment >= :low AND segment < :high"
        )
        # Small integers on purpose: PostgreSQL adds larger ones up as numerics, in twice the time.
        own = ", ".join(f"CAST({columns} AS integer)" for _, columns in _GROUPS)
        rows = await uow.execute(
            f"SELECT segment, {sums} FROM ("
            f"SELECT segment, week AS day, {', '.join(_NAMES)} FROM week_count {among} "
            "AND week = ANY(CAST(:weeks AS date[])) UNION ALL "
            f"SELECT segment, day, {own} FROM day_count {among} AND day = ANY(CAST(:days AS date[]))"
            ") AS n GROUP BY segment",
            values | {"weeks": weeks, "days": days},
        )
    found: Sequence[Any] = rows.all()
    return [Part(row[0], Groups(row[1], row[2], row[3]), Groups(row[4], row[5], row[6])) for row in found]


@dataclass(frozen=True, slots=True)
class Dimension:
    name: str
    size: int
    left_out: int


async def dimensions(uow: UnitOfWork, tenant: str) -> list[Dimension]:
    """What the company's answers are divided by; the organisation first, then by name."""
    rows = await uow.execute(
        "SELECT dimension, size, left_out FROM dimension WHERE tenant = :tenant AND size > 0 "
        "ORDER BY dimension <> :organisation, dimension",
        {"tenant": tenant, "organisation": ORGANISATION},
    )
    return [Dimension(row.dimension, row.size, row.left_out) for row in rows]


async def values_of(
    uow: UnitOfWork, tenant: str, dimension: str, limit: int, *, levels: int | None = None
) -> list[str]:
    """The first values of a dimension by name, of a path only the topmost levels."""
    rows = await uow.execute(
        "SELECT segment FROM segment WHERE tenant = :tenant AND dimension = :dimension "
        "AND (CAST(:levels AS integer) IS NULL "
        "OR length(segment) - length(replace(segment, '/', '')) < :levels) ORDER BY segment LIMIT :limit",
        {"tenant": tenant, "dimension": dimension, "limit": limit, "levels": levels},
    )
    return [str(row.segment) for row in rows]


async def segments_among(
    uow: UnitOfWork, tenant: str, measurement: str, selection: Sequence[str], window: Window
) -> list[str]:
    """The segments, by name, of the answers of a window that lie in all of a selection."""
    rows = await uow.execute(
        'SELECT DISTINCT s.segment COLLATE "C" AS segment FROM answer, unnest(segments) AS s(segment) '
        "WHERE tenant = :tenant AND measurement = :measurement AND segments @> CAST(:selection AS text[]) "
        "AND day BETWEEN :first AND :last AND score IS NOT NULL ORDER BY 1",
        {
            "tenant": tenant,
            "measurement": measurement,
            "selection": list(selection),
            "first": window.first,
            "last": window.last,
        },
    )
    return [str(row.segment) for row in rows]


async def list_segments(
    uow: UnitOfWork,
    tenant: str,
    measurement: str,
    window: Window,
    *,
    limit: int,
    sight: Sight,
    after: str = "",
    dimension: str | None = None,
    words: str = "",
) -> list[tuple[str, Counts]]:
    """Segments by name with their counts over a window: those that the reader may see."""
    people = sight.hidden_dimensions([each.name for each in await dimensions(uow, tenant)])
    rows = await uow.execute(
        f"""
        SELECT s.segment, c.* FROM (
            SELECT segment FROM segment
            WHERE tenant = :tenant AND segment > :after
              AND (CAST(:dimension AS text) IS NULL OR dimension = :dimension)
              AND (CAST(:words AS text) = '' OR strpos(lower(segment), lower(:words)) > 0)
              AND (cardinality(CAST(:own AS text[])) = 0 OR EXISTS (
                    SELECT FROM unnest(CAST(:own AS text[])) AS w(own)
                    WHERE segment = w.own OR starts_with(segment, w.own || '/')))
              AND (segment = ANY(CAST(:shown AS text[])) OR NOT (
                    dimension = ANY(CAST(:people AS text[]))
                    OR (dimension = :organisation AND :level > 0
                        AND length(segment) - length(replace(segment, '/', '')) >= :level - 1)))
            ORDER BY segment LIMIT :limit
        ) AS s, LATERAL (
            SELECT {_SUMS} FROM day_count WHERE tenant = :tenant AND measurement = :measurement
              AND segment = s.segment AND day BETWEEN :first AND :last
        ) AS c ORDER BY s.segment
        """,
        {
            "tenant": tenant,
            "measurement": measurement,
            "after": after,
            "dimension": dimension,
            "words": words,
            "own": list(sight.own),
            "shown": list(filter(sight.shows, sight.own)),
            "people": people,
            "organisation": ORGANISATION,
            "level": sight.hidden_level,
            "first": window.first,
            "last": window.last,
            "limit": limit,
        },
    )
    return [(row[0], tuple(row[1:])) for row in rows]

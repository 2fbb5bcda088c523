"""Counts by the choices of ``AnswerChoice``.

There is no second table of counts: what is kept by day is taken, and changed by the few answers that were
amended. Only the days around a moment, several segments at once, and the latest answers of customers are
counted from the answers.
"""

from collections.abc import Mapping
from datetime import date

from services.scorer.amendments.domain import AnswerChoice
from services.scorer.domain import Groups
from services.scorer.pair_names import is_pair
from services.scorer.repository.count_columns import (
    ANSWERS_PER_SCORE,
    IS_DETRACTOR,
    IS_PASSIVE,
    IS_PROMOTER,
)
from services.scorer.repository.counts import (
    NO_COUNTS,
    Counts,
    SegmentPart,
    daily_counts,
    range_of_dimension,
    segment_parts,
    window_counts,
)
from services.scorer.repository.selection import Selection
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events.nps import SCALE

# An earlier score that still stood at the moment: the oldest of them, for they follow each other.
_CHOSEN_SCORE = """
    CASE
        WHEN earlier_scores IS NULL THEN score
        WHEN CAST(:first_score AS boolean) THEN earlier_scores[1]
        ELSE coalesce((
            SELECT e.score
            FROM unnest(earlier_scores, earlier_until) WITH ORDINALITY AS e(score, until, place)
            WHERE e.until > CAST(:moment AS timestamptz)
            ORDER BY e.place
            LIMIT 1
        ), score)
    END
"""
# Of the times of anonymous answers only the day is known: those of a bundle appear together, at its end.
_WAS_THERE = """
    (CAST(:moment AS timestamptz) IS NULL
     OR CASE WHEN anonymous THEN day <= CAST(:last_ended AS date)
             ELSE answered_at <= CAST(:moment AS timestamptz) END)
"""
_OF_SELECTION = """
    tenant = :tenant AND measurement = :measurement AND segments @> CAST(:selection AS text[])
      AND score IS NOT NULL
"""
_ANSWERS = f"""
    SELECT day, segments, {_CHOSEN_SCORE} AS score
    FROM answer
    WHERE {_OF_SELECTION} AND day BETWEEN :first AND :last AND {_WAS_THERE}
"""
CUSTOMER = "coalesce('person ' || nullif(person, ''), 'contact ' || contact_key, CAST(id AS text))"
"""Whose an answer is: by the pseudonym, else by the contact; who is not known has one answer."""
_LATEST_FIRST = "answered_at DESC, id DESC"
_ANSWERS_OF_CUSTOMERS = f"""
    SELECT DISTINCT ON ({CUSTOMER}) day, segments, {_CHOSEN_SCORE} AS score
    FROM answer
    WHERE {_OF_SELECTION} AND day BETWEEN :first AND :last AND {_WAS_THERE}
    ORDER BY {CUSTOMER}, {_LATEST_FIRST}
"""
# What the choices add to the kept counts of whole days, and take from them.
_AMENDMENTS = f"""
    SELECT a.day, a.segments, s.score, s.n
    FROM (
        SELECT day, segments, score AS score_now, {_CHOSEN_SCORE} AS score_chosen
        FROM answer
        WHERE {_OF_SELECTION} AND earlier_scores IS NOT NULL AND day BETWEEN :first AND :last
    ) AS a, LATERAL (VALUES (a.score_chosen, 1), (a.score_now, -1)) AS s(score, n)
    WHERE a.score_chosen <> a.score_now
"""
_DIFFERENCES = ", ".join(f"coalesce(sum(n) FILTER (WHERE score = {s}), 0)::bigint AS c{s}" for s in SCALE)

COUNT_DAYS_OF_ANSWERS = f"SELECT day, {ANSWERS_PER_SCORE} FROM ({_ANSWERS}) AS a GROUP BY day"
COUNT_CUSTOMERS = f"SELECT {ANSWERS_PER_SCORE} FROM ({_ANSWERS_OF_CUSTOMERS}) AS a"
COUNT_DAYS_OF_AMENDMENTS = f"SELECT day, {_DIFFERENCES} FROM ({_AMENDMENTS}) AS a GROUP BY day"


async def chosen_days(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window, choice: AnswerChoice
) -> dict[date, Counts]:
    """The counts of each day of the window that has answers, by a choice that has periods."""
    if choice.is_usual:
        return await daily_counts(uow, selection, measurement, window)
    values = _values(selection, measurement, choice)
    if selection.kept is None:
        return await _days(uow, COUNT_DAYS_OF_ANSWERS, values, choice.reached(window))
    whole, single = choice.divided(window)
    found: dict[date, Counts] = {}
    if whole is not None:
        kept = await daily_counts(uow, selection, measurement, whole)
        changed = await _days(uow, COUNT_DAYS_OF_AMENDMENTS, values, whole)
        found = {day: _sum(counts, changed.get(day, NO_COUNTS)) for day, counts in kept.items()}
    if single is not None:
        found |= await _days(uow, COUNT_DAYS_OF_ANSWERS, values, single)
    return found


async def chosen_counts(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window, choice: AnswerChoice
) -> Counts:
    """The counts of a window."""
    if choice.is_usual and (kept := selection.kept) is not None:
        return await window_counts(uow, selection.tenant, measurement, kept, window)
    if not choice.has_periods:
        days = choice.reached(window)
        values = _values(selection, measurement, choice) | {"first": days.first, "last": days.last}
        return tuple((await uow.execute(COUNT_CUSTOMERS, values)).one())
    counts = NO_COUNTS
    for day in (await chosen_days(uow, selection, measurement, window, choice)).values():
        counts = _sum(counts, day)
    return counts


async def _days(uow: UnitOfWork, sql: str, values: Mapping[str, object], days: Window) -> dict[date, Counts]:
    rows = await uow.execute(sql, {**values, "first": days.first, "last": days.last})
    return {row[0]: tuple(row[1:]) for row in rows}


def _groups(table: str, *, signed: bool) -> str:
    one = "coalesce(sum(n) FILTER (WHERE {}), 0)" if signed else "count(*) FILTER (WHERE {})"
    columns = ", ".join(one.format(condition) for condition in (IS_DETRACTOR, IS_PASSIVE, IS_PROMOTER))
    return f"""
        SELECT s.segment, {columns}
        FROM ({table}) AS a, unnest(segments) AS s(segment)
        WHERE s.segment COLLATE "C" >= :low AND s.segment COLLATE "C" < :high
        GROUP BY s.segment
    """


COUNT_PARTS_OF_ANSWERS = _groups(_ANSWERS, signed=False)
COUNT_PARTS_OF_AMENDMENTS = _groups(_AMENDMENTS, signed=True)
# A customer has a latest answer in each part.
COUNT_PARTS_OF_CUSTOMERS = f"""
    SELECT segment,
           count(*) FILTER (WHERE {IS_DETRACTOR}),
           count(*) FILTER (WHERE {IS_PASSIVE}),
           count(*) FILTER (WHERE {IS_PROMOTER})
    FROM (
        SELECT DISTINCT ON (s.segment, {CUSTOMER}) s.segment, {_CHOSEN_SCORE} AS score
        FROM answer, unnest(segments) AS s(segment)
        WHERE {_OF_SELECTION} AND day BETWEEN :first AND :last AND {_WAS_THERE}
          AND s.segment COLLATE "C" >= :low AND s.segment COLLATE "C" < :high
        ORDER BY s.segment, {CUSTOMER}, {_LATEST_FIRST}
    ) AS a
    GROUP BY segment
"""


async def chosen_parts(
    uow: UnitOfWork,
    selection: Selection,
    measurement: str,
    dimension: str,
    now: Window,
    before: Window,
    choice: AnswerChoice,
) -> list[SegmentPart]:
    """The groups of each value of a dimension within a selection, in two windows."""
    if choice.is_usual:
        return await segment_parts(uow, selection, measurement, dimension, now, before)
    values = _values(selection, measurement, choice) | range_of_dimension(dimension)
    if not choice.has_periods or selection.segments:
        sql = COUNT_PARTS_OF_ANSWERS if choice.has_periods else COUNT_PARTS_OF_CUSTOMERS
        in_now = await _parts(uow, sql, values, choice.reached(now))
        in_before = await _parts(uow, sql, values, choice.reached(before))
        return _merged(in_now, in_before)
    in_now = await _parts_of_company(uow, selection, measurement, dimension, now, choice, values)
    in_before = await _parts_of_company(uow, selection, measurement, dimension, before, choice, values)
    return _merged(in_now, in_before)


Parts = dict[str, tuple[int, ...]]
"""The three groups by segment."""


async def _parts_of_company(
    uow: UnitOfWork,
    selection: Selection,
    measurement: str,
    dimension: str,
    window: Window,
    choice: AnswerChoice,
    values: Mapping[str, object],
) -> Parts:
    """From the kept counts of whole days, what was amended of them, and the answers of the other days."""
    whole, single = choice.divided(window)
    found: Parts = {}
    if whole is not None:
        kept = await segment_parts(uow, selection, measurement, dimension, whole, whole)
        found = {part.segment: (part.now.detractors, part.now.passives, part.now.promoters) for part in kept}
        found = _added(found, await _parts(uow, COUNT_PARTS_OF_AMENDMENTS, values, whole))
    if single is not None:
        found = _added(found, await _parts(uow, COUNT_PARTS_OF_ANSWERS, values, single))
    return found


async def _parts(uow: UnitOfWork, sql: str, values: Mapping[str, object], days: Window) -> Parts:
    rows = await uow.execute(sql, {**values, "first": days.first, "last": days.last})
    return {row[0]: tuple(map(int, row[1:])) for row in rows if not is_pair(row[0])}


_NO_GROUPS = (0, 0, 0)


def _added(one: Parts, other: Parts) -> Parts:
    return {
        segment: _sum(one.get(segment, _NO_GROUPS), other.get(segment, _NO_GROUPS))
        for segment in one.keys() | other.keys()
    }


def _merged(now: Parts, before: Parts) -> list[SegmentPart]:
    return [
        SegmentPart(segment, Groups(*now.get(segment, _NO_GROUPS)), Groups(*before.get(segment, _NO_GROUPS)))
        for segment in sorted(now.keys() | before.keys())
    ]


def _sum(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _values(selection: Selection, measurement: str, choice: AnswerChoice) -> dict[str, object]:
    """The parameters of the statements, but for the days."""
    moment = choice.moment
    return {
        **selection.values(),
        "measurement": measurement,
        "first_score": choice.amended == "first",
        "moment": moment.at if moment else None,
        "last_ended": moment.last_ended if moment else None,
    }

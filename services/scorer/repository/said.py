"""What people said and what is being done: answers, comments, cases, and the state of sending."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.scorer.window import Window
from shared.db.database import UnitOfWork

Rows = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Answers of one company that lie in all of these segments; none: all of it."""

    tenant: str
    segments: tuple[str, ...] = ()

    def values(self) -> dict[str, object]:
        return {"tenant": self.tenant, "selection": list(self.segments)}


@dataclass(frozen=True, slots=True)
class Only:
    """Which of the answers a list is of: one of the three groups, those whose comment holds some words."""

    kind: str = ""
    words: str = ""

    @property
    def limits(self) -> bool:
        return bool(self.kind or self.words)

    def values(self) -> dict[str, object]:
        low, high = _GROUPS[self.kind]
        return {"low": low, "high": high, "words": self.words}


_GROUPS = {"": (0, 10), "detractors": (0, 6), "passives": (7, 8), "promoters": (9, 10)}
_ONLY = (
    "a.score BETWEEN CAST(:low AS smallint) AND CAST(:high AS smallint) "
    "AND (CAST(:words AS text) = '' OR strpos(lower(a.comment), lower(CAST(:words AS text))) > 0)"
)
_IN = "a.tenant = :tenant AND a.segments @> CAST(:selection AS text[]) AND a.score IS NOT NULL"
_ANSWER = (
    "a.id, a.score, a.was, a.day, a.segments, a.touchpoint, a.comment, a.language, a.origin, a.answered_at, "
    "a.measurement, c.id AS case_id, c.number AS case_number "
    "FROM answer AS a LEFT JOIN LATERAL (SELECT id, number FROM case_copy WHERE tenant = a.tenant "
    "AND answer_id = a.id ORDER BY number DESC LIMIT 1) AS c ON true"
)


async def latest_comments(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window, limit: int
) -> Rows:
    """The last comments of a window, latest first."""
    rows = await uow.execute(
        f"SELECT {_ANSWER} WHERE {_IN} AND a.measurement = :measurement AND a.comment <> '' "
        "AND a.day BETWEEN :first AND :last ORDER BY a.answered_at DESC, a.id DESC LIMIT :limit",
        selection.values()
        | {"measurement": measurement, "first": window.first, "last": window.last, "limit": limit},
    )
    return rows.all()


async def answers_page(
    uow: UnitOfWork,
    selection: Selection,
    measurement: str,
    window: Window,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    only: Only = Only(),
) -> Rows:
    """The answers that a window's counts are made of, latest first."""
    beyond = "AND (a.answered_at, a.id) < (:at, :id) " if after else ""
    rows = await uow.execute(
        f"SELECT {_ANSWER} WHERE {_IN} AND a.measurement = :measurement AND a.day BETWEEN :first AND :last "
        f"AND {_ONLY} {beyond}ORDER BY a.answered_at DESC, a.id DESC LIMIT :limit",
        selection.values()
        | {"measurement": measurement, "first": window.first, "last": window.last, "limit": limit}
        | only.values()
        | ({"at": after[0], "id": after[1]} if after else {}),
    )
    return rows.all()


async def count_answers(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window, only: Only
) -> int:
    """How many answers a list is of."""
    row = await uow.execute(
        f"SELECT count(*) FROM answer AS a WHERE {_IN} AND a.measurement = :measurement "
        f"AND a.day BETWEEN :first AND :last AND {_ONLY}",
        selection.values()
        | only.values()
        | {"measurement": measurement, "first": window.first, "last": window.last},
    )
    return int(row.scalar_one())


async def last_answer(uow: UnitOfWork, selection: Selection, measurement: str, since: datetime) -> Any | None:
    """The last answer that was given to us; one that was moved in from elsewhere is no news."""
    rows = await uow.execute(
        f"SELECT {_ANSWER} WHERE {_IN} AND a.measurement = :measurement AND a.origin <> 'import' "
        "AND a.answered_at > :since ORDER BY a.answered_at DESC, a.id DESC LIMIT 1",
        selection.values() | {"measurement": measurement, "since": since},
    )
    return rows.one_or_none()


async def asked(
    uow: UnitOfWork, selection: Selection, measurement: str, first: datetime, until: datetime
) -> Any:
    """How many invitations left in a time, and how many of those were answered since. An answer has the id
    of its invitation.
    """
    row = await uow.execute(
        "SELECT count(*) AS asked, count(a.id) AS answered FROM invitation AS i LEFT JOIN answer AS a "
        "ON a.tenant = i.tenant AND a.id = i.id AND a.score IS NOT NULL "
        "WHERE i.tenant = :tenant AND i.measurement = :measurement AND NOT i.test "
        "AND i.segments @> CAST(:selection AS text[]) AND i.sent_at >= :first AND i.sent_at < :until",
        selection.values() | {"measurement": measurement, "first": first, "until": until},
    )
    return row.one()


async def open_cases(uow: UnitOfWork, selection: Selection, limit: int) -> Rows:
    """What is to be done, what is due first in front, with the customer's words."""
    rows = await uow.execute(
        "SELECT c.id, c.number, c.score, c.touchpoint, c.owner, c.opened_at, c.due_at, a.comment, a.language "
        "FROM case_copy AS c LEFT JOIN answer AS a ON a.tenant = c.tenant AND a.id = c.answer_id "
        "WHERE c.tenant = :tenant AND c.segments @> CAST(:selection AS text[]) AND c.state <> 'closed' "
        "ORDER BY c.due_at, c.number LIMIT :limit",
        selection.values() | {"limit": limit},
    )
    return rows.all()


async def case_figures(
    uow: UnitOfWork, selection: Selection, first: datetime, until: datetime, now: datetime
) -> Any:
    """How many cases are open, how many of them are late, how many were closed in a time."""
    row = await uow.execute(
        "SELECT count(*) FILTER (WHERE state <> 'closed') AS open, "
        "count(*) FILTER (WHERE state <> 'closed' AND due_at < :now) AS late, "
        "count(*) FILTER (WHERE state = 'closed' AND closed_at >= :first AND closed_at < :until) AS closed "
        "FROM case_copy WHERE tenant = :tenant AND segments @> CAST(:selection AS text[])",
        selection.values() | {"first": first, "until": until, "now": now},
    )
    return row.one()


async def count_open_cases(uow: UnitOfWork, tenant: str, within: Sequence[str]) -> int:
    """The number beside Cases: of all, or of somebody's own segments."""
    row = await uow.execute(
        "SELECT count(*) FROM case_copy WHERE tenant = :tenant AND state <> 'closed' "
        "AND (cardinality(CAST(:within AS text[])) = 0 OR segments && CAST(:within AS text[]))",
        {"tenant": tenant, "within": list(within)},
    )
    return int(row.scalar_one())


async def sending_state(uow: UnitOfWork, tenant: str) -> Any:
    """Of the newest version of each survey: whether any is a test, any is stopped; and what has begun.

    A company begins in test mode, before it has a survey.
    """
    row = await uow.execute(
        "WITH newest AS (SELECT DISTINCT ON (id) name, trigger, test, stopped FROM survey "
        "WHERE tenant = :tenant ORDER BY id, survey_version DESC) "
        "SELECT coalesce(bool_or(test), true) AS test, coalesce(bool_or(stopped), false) AS stopped, "
        "count(*) AS surveys, min(name) AS survey_name, min(trigger) AS trigger, "
        "EXISTS (SELECT FROM invitation WHERE tenant = :tenant) AS invited, "
        "EXISTS (SELECT FROM day_count WHERE tenant = :tenant) AS counted, "
        # Of interest only until something counts: no index finds what may be one of millions, or none.
        "CASE WHEN EXISTS (SELECT FROM day_count WHERE tenant = :tenant) THEN true "
        "ELSE EXISTS (SELECT FROM answer WHERE tenant = :tenant AND score IS NULL) END AS tried FROM newest",
        {"tenant": tenant},
    )
    return row.one()


async def heard_since(uow: UnitOfWork, tenants: Collection[str], since: datetime, most: int) -> Rows:
    """What has changed of late, for the live pages: of each of these companies the newest so many of its
    answers and of its cases. Answers that are moved in from elsewhere come last: they are many, and no news.
    """
    rows = await uow.execute(
        "SELECT t.tenant, c.* FROM unnest(CAST(:tenants AS text[])) AS t(tenant), LATERAL ("
        "(SELECT 'answer-' || id AS id, version, segments FROM answer WHERE tenant = t.tenant "
        "AND heard_at > :since ORDER BY origin = 'import', heard_at DESC LIMIT :most) UNION ALL "
        "(SELECT 'case-' || id, version, segments FROM case_copy WHERE tenant = t.tenant "
        "AND heard_at > :since ORDER BY heard_at DESC LIMIT :most)) AS c",
        {"tenants": list(tenants), "since": since, "most": most},
    )
    return rows.all()

"""Retention: each service's rules about what it removes when, and how they are counted and applied.

A rule removes rows, or what is personal in them. What a consumer keeps of another service's events stays as a
row with its version, so that an event that is read again brings nothing back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from shared.db.database import UnitOfWork
from shared.events import RetentionRules
from shared.events.retention import RETENTION_KINDS, RetentionKind

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

Counts = dict[RetentionKind, dict[str, int]]
"""How many rows of each table are too old, by kind; without those of which there are none."""

LINK_END = "coalesce({i}.expires_at, uuid_extract_timestamp({i}.id) + interval '731 days')"
"""When the link of an invitation ends. Of one that a version without this column stored, it is not later than
this: both the delay of a mail and the life of a link are a year at most."""
LINK_OVER = f"NOT {{i}}.customer_removed AND {{i}}.id < :contacts_id AND {LINK_END} < :contacts"
"""Whether the customer of an invitation is to be removed: its link has ended so long ago."""


class Cutoffs(NamedTuple):
    """What is too old in one tenant at one time."""

    tenant: str
    now: datetime
    rules: RetentionRules

    def values(self) -> dict[str, Any]:
        """The parameters of rules.

        ``:tenant``, ``:now``, and by the name of each kind the time before which its data are too old; behind
        ``_id`` the lowest UUIDv7 of that time.
        """
        found: dict[str, Any] = {"tenant": self.tenant, "now": self.now}
        for kind in RETENTION_KINDS:
            before = self.now - timedelta(days=getattr(self.rules, kind))
            found |= {kind: before, f"{kind}_id": lowest_id(before)}
        return found


def lowest_id(at: datetime) -> UUID:
    """Not higher than any UUIDv7 that was made then or later, and higher than those made before."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


class RetentionRule(Protocol):
    """What a service removes of one table."""

    @property
    def kind(self) -> RetentionKind:
        """Whose number of days decides."""
        ...

    @property
    def table(self) -> Table:
        """The table."""
        ...

    async def count(self, uow: UnitOfWork, cutoffs: Cutoffs) -> int:
        """How many rows are too old."""
        ...

    async def apply(self, uow: UnitOfWork, cutoffs: Cutoffs, limit: int) -> int:
        """Remove at most so many of them, or what is personal in them; returns how many."""
        ...


COUNT_STALE = """
    SELECT count(*) FROM {table} t WHERE t.tenant = :tenant AND ({stale})
"""
# Rows that are in use are left for the next night: nothing waits for a lock here.
LOCK_STALE = """
    SELECT {columns} FROM {table} t
    WHERE t.tenant = :tenant AND ({stale})
    LIMIT :limit
    FOR UPDATE OF t SKIP LOCKED
"""
DELETE_STALE = """
    WITH stale AS MATERIALIZED ({lock_stale})
    DELETE FROM {table} t USING stale s WHERE {same}
"""
CLEAR_STALE = """
    WITH stale AS MATERIALIZED ({lock_stale})
    UPDATE {table} t SET {changes} FROM stale s WHERE {same}
"""
REWRITE_STALE = """
    UPDATE {table} t SET {changes}
    FROM unnest({values}) AS s ({names})
    WHERE {same}
"""


@dataclass(frozen=True)
class _StaleRows:
    kind: RetentionKind
    table: Table
    stale: str
    """The condition on a row ``t``, with the parameters of ``Cutoffs``."""

    async def count(self, uow: UnitOfWork, cutoffs: Cutoffs) -> int:
        """How many rows are too old."""
        found = await uow.execute(self._sql(COUNT_STALE), cutoffs.values())
        return int(found.scalar_one())

    @property
    def _key(self) -> list[str]:
        return [column.name for column in self.table.primary_key]

    def _sql(self, statement: str, **parts: str) -> str:
        same = " AND ".join(f"t.{name} = s.{name}" for name in self._key)
        return statement.format(table=self.table.name, stale=self.stale, same=same, **parts)

    def _lock_stale(self, *more: str) -> str:
        return self._sql(LOCK_STALE, columns=", ".join(f"t.{name}" for name in (*self._key, *more)))


@dataclass(frozen=True)
class DeleteRule(_StaleRows):
    """Deletes the rows that are too old."""

    async def apply(self, uow: UnitOfWork, cutoffs: Cutoffs, limit: int) -> int:
        """Delete at most so many; returns how many."""
        statement = self._sql(DELETE_STALE, lock_stale=self._lock_stale())
        return (await uow.execute(statement, {**cutoffs.values(), "limit": limit})).rowcount


@dataclass(frozen=True)
class ClearRule(_StaleRows):
    """Overwrites columns of the rows that are too old."""

    changes: str
    """The assignments. Afterwards ``stale`` must not be true of the row any more."""

    async def apply(self, uow: UnitOfWork, cutoffs: Cutoffs, limit: int) -> int:
        """Overwrite at most so many; returns how many."""
        statement = self._sql(CLEAR_STALE, lock_stale=self._lock_stale(), changes=self.changes)
        return (await uow.execute(statement, {**cutoffs.values(), "limit": limit})).rowcount


@dataclass(frozen=True)
class RewriteRule(_StaleRows):
    """Rewrites a column that holds an encoded event, in the rows that are too old."""

    column: str
    rewrite: Callable[[bytes], bytes]
    changes: str = ""
    """Further assignments. Afterwards ``stale`` must not be true of the row any more."""

    async def apply(self, uow: UnitOfWork, cutoffs: Cutoffs, limit: int) -> int:
        """Rewrite at most so many; returns how many."""
        values = {**cutoffs.values(), "limit": limit}
        rows = (await uow.execute(self._lock_stale(self.column), values)).all()
        if not rows:
            return 0
        names = [*self._key, self.column]
        statement = self._sql(
            REWRITE_STALE,
            changes=", ".join(filter(None, (f"{self.column} = s.{self.column}", self.changes))),
            names=", ".join(names),
            values=", ".join(f"CAST(:{name} AS {self._type(name)}[])" for name in names),
        )
        columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in names}
        columns[self.column] = [self.rewrite(bytes(body)) for body in columns[self.column]]
        return (await uow.execute(statement, columns)).rowcount

    def _type(self, name: str) -> str:
        return str(self.table.columns[name].type.compile(dialect=_DIALECT))


async def count_stale(uow: UnitOfWork, rules: Sequence[RetentionRule], cutoffs: Cutoffs) -> Counts:
    """What these rules would remove now. ``apply`` in the order of the rules then removes exactly that."""
    counts: Counts = {}
    for rule in rules:
        if number := await rule.count(uow, cutoffs):
            of_kind = counts.setdefault(rule.kind, {})
            of_kind[rule.table.name] = of_kind.get(rule.table.name, 0) + number
    return counts


def totals(services: Mapping[str, Counts]) -> dict[str, int]:
    """How many rows of each kind are too old in all services."""
    return {
        kind: sum(sum(counts.get(kind, {}).values()) for counts in services.values())
        for kind in RETENTION_KINDS
    }

"""What PostgreSQL really did for a statement."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from shared.db import UnitOfWork


async def explain(uow: UnitOfWork, sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The plan of a statement, which is run, with the rows that each step read."""
    (told,) = await uow.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", dict(values))
    plan = told[0] if isinstance(told[0], list) else json.loads(told[0])
    found: dict[str, Any] = plan[0]["Plan"]
    return found


COPY_TABLE = (
    "CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL) ON COMMIT DROP",
    "INSERT INTO {table} SELECT * FROM public.{table}",
)


async def use_new_copies(uow: UnitOfWork, *tables: str) -> None:
    """Read copies of these tables, until the transaction ends, of which the planner knows nothing.

    A lent database has statistics of the tests before, and autovacuum may come at any time; it knows no
    temporary table.
    """
    for table in tables:
        for sql in COPY_TABLE:
            await uow.execute(sql.format(table=table))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Its steps."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def rows_read(plan: dict[str, Any]) -> int:
    """How many rows its scans have read, also those that a filter has removed."""
    return sum(_rows_of(node) for node in nodes(plan) if "Scan" in node["Node Type"])


def rows_handled(plan: dict[str, Any]) -> int:
    """How many rows all its steps have handled, joins included."""
    return sum(_rows_of(node) for node in nodes(plan))


def _rows_of(node: dict[str, Any]) -> int:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
    rows: int = node["Actual Loops"] * (node["Actual Rows"] + removed)
    return rows

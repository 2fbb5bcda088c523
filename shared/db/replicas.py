"""Replicas of other services' events: of each thing the newest version (``bulk`` does so from a table)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult

from shared.db.database import UnitOfWork

Columns = Mapping[str, tuple[str, Sequence[Any]]]
"""By name: the PostgreSQL type, and the values, one for each row."""


async def keep_newest(
    uow: UnitOfWork,
    table: str,
    columns: Columns,
    *,
    key: Sequence[str] = ("tenant", "id"),
    returning: str = "",
) -> CursorResult[Any]:
    """Write each row whose ``version`` is higher than that of the row under its key.

    :param returning: may name ``old`` and ``new`` of the rows that were written.
    """
    names = ", ".join(columns)
    values = ", ".join(f"CAST(:{name} AS {kind}[])" for name, (kind, _) in columns.items())
    changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns if name not in key)
    keys = ", ".join(key)
    return await uow.execute(
        f"INSERT INTO {table} AS t ({names}) SELECT * FROM unnest({values}) AS n({names}) ORDER BY {keys} "
        f"ON CONFLICT ({keys}) DO UPDATE SET {changed} WHERE t.version < EXCLUDED.version"
        + (f" RETURNING {returning}" if returning else ""),
        {name: list(given) for name, (_, given) in columns.items()},
    )

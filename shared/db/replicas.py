"""Copies of what others say: of each thing the newest, by one statement for every table of such copies."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult

from shared.db.database import UnitOfWork

Columns = Mapping[str, tuple[str, Sequence[Any]]]
"""By name: its PostgreSQL type, and its values, one for each row."""


async def keep_newest(
    uow: UnitOfWork,
    table: str,
    columns: Columns,
    *,
    key: Sequence[str] = ("tenant", "id"),
    returning: str = "",
) -> CursorResult[Any]:
    """Write each row whose ``version`` is higher than that which stands under its key.

    ``returning`` may name ``old`` and ``new`` of the rows that were written.
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

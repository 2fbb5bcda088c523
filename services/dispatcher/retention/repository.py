"""``retention``: for how many days each tenant keeps each kind of data."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from shared.db import UnitOfWork
from shared.db.bulk import row_values, rows_sql
from shared.events import Event, RetentionRules, TenantRetention
from shared.events.retention import RETENTION_KINDS
from shared.tenancy.retention import RETENTION_TABLE

_DAYS_COLUMNS = ", ".join(RETENTION_KINDS)
_COLUMNS = f"tenant, version, {_DAYS_COLUMNS}, changed_at"

FIND_STORED = f"""
    SELECT {_COLUMNS} FROM retention WHERE tenant = :tenant
"""


async def find(uow: UnitOfWork, tenant: str) -> Row[Any] | None:
    """The tenant's own rules; None where it has set none."""
    return (await uow.execute(FIND_STORED, {"tenant": tenant})).one_or_none()


_CHANGES = ", ".join(f"{kind} = EXCLUDED.{kind}" for kind in RETENTION_KINDS)
_VALUES = ", ".join(f":{kind}" for kind in RETENTION_KINDS)
_SAME = " AND ".join(f"r.{kind} = EXCLUDED.{kind}" for kind in RETENTION_KINDS)

WRITE_RULES = f"""
    INSERT INTO retention AS r (tenant, version, {_DAYS_COLUMNS}, changed_at)
    VALUES (:tenant, 1, {_VALUES}, :now)
    ON CONFLICT (tenant) DO UPDATE SET
        version = r.version + 1, {_CHANGES}, changed_at = greatest(r.changed_at, EXCLUDED.changed_at)
    WHERE (CAST(:seen AS bigint) IS NULL OR r.version = :seen) AND NOT ({_SAME})
    RETURNING {_COLUMNS}
"""


async def write(uow: UnitOfWork, tenant: str, rules: RetentionRules, seen: int | None) -> Row[Any] | None:
    """Write the tenant's rules; None when they were these already, or another version than the one seen."""
    values: dict[str, Any] = {kind: getattr(rules, kind) for kind in RETENTION_KINDS}
    written = await uow.execute(WRITE_RULES, {"tenant": tenant, "now": uow.now, "seen": seen, **values})
    return written.one_or_none()


SHARE_AFTER = f"""
    SELECT {_COLUMNS} FROM retention
    WHERE CAST(:after AS text) IS NULL OR tenant > :after
    ORDER BY tenant LIMIT :limit
    FOR SHARE
"""


async def share_after(uow: UnitOfWork, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """The rules of the next tenants, locked against change."""
    return (await uow.execute(SHARE_AFTER, {"after": after, "limit": limit})).all()


_RESTORED = ", ".join(
    f"{kind} = CASE WHEN r.changed_at > EXCLUDED.changed_at THEN r.{kind} ELSE EXCLUDED.{kind} END"
    for kind in RETENTION_KINDS
)
# What was changed here after the event was published stands, and gets a version that no consumer has.
RESTORE_RULES = """
    INSERT INTO retention AS r ({names})
    {rows}
    ON CONFLICT (tenant) DO UPDATE SET
        version = EXCLUDED.version + CASE WHEN r.changed_at > EXCLUDED.changed_at THEN 1 ELSE 0 END,
        {changes},
        changed_at = greatest(r.changed_at, EXCLUDED.changed_at)
    WHERE r.version <= EXCLUDED.version
"""


async def restore(uow: UnitOfWork, events: Sequence[Event[TenantRetention]]) -> None:
    """Keep the rules of these tenants, where they were changed later than ours."""
    names, values = row_values(
        RETENTION_TABLE, [event.data for event in events], {"tenant": [event.tenant for event in events]}
    )
    rows = rows_sql(RETENTION_TABLE, names)
    await uow.execute(RESTORE_RULES.format(names=", ".join(names), rows=rows, changes=_RESTORED), values)

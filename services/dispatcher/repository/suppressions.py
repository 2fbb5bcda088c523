"""Who is never to be asked: addresses by their keyed hash, customers by their id."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from shared.db import UnitOfWork


async def add(
    uow: UnitOfWork, tenant: str, entries: Sequence[tuple[str, str]], *, reason: str, who: str
) -> int:
    """Add (kind, key) entries; how many were new. Only an unsubscription takes the place of another "
    "reason.
    """
    entries = sorted(set(entries))
    added = await uow.execute(
        "INSERT INTO suppression AS s (tenant, kind, key, reason, who, created_at) "
        "SELECT :tenant, kind, key, :reason, :who, :now "
        "FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[])) AS n(kind, key) ORDER BY 2, 3 "
        "ON CONFLICT (tenant, kind, key) DO UPDATE SET reason = EXCLUDED.reason, who = EXCLUDED.who "
        "WHERE s.reason = 'listed' AND EXCLUDED.reason = 'unsubscribed' RETURNING key",
        {
            "tenant": tenant,
            "reason": reason,
            "who": who,
            "now": uow.now,
            "kinds": [kind for kind, _ in entries],
            "keys": [key for _, key in entries],
        },
    )
    return len(added.all())


async def matching(uow: UnitOfWork, wanted: Sequence[tuple[str, str, str]]) -> Sequence[Row[Any]]:
    """Which of these (tenant, kind, key) are suppressed, and why."""
    found = await uow.execute(
        "SELECT s.tenant, s.kind, s.key, s.reason, s.created_at FROM suppression s JOIN "
        "unnest(CAST(:tenants AS text[]), "
        "CAST(:kinds AS text[]), CAST(:keys AS text[])) AS n(tenant, kind, key) USING (tenant, kind, key)",
        {
            "tenants": [tenant for tenant, _, _ in wanted],
            "kinds": [kind for _, kind, _ in wanted],
            "keys": [key for _, _, key in wanted],
        },
    )
    return found.all()


async def page(uow: UnitOfWork, tenant: str, after: tuple[str, str], most: int) -> Sequence[Row[Any]]:
    """A page of them, in the order of kind and key."""
    found = await uow.execute(
        "SELECT kind, key, reason, who, created_at FROM suppression "
        "WHERE tenant = :tenant AND (kind, key) > (:kind, :key) ORDER BY kind, key LIMIT :most",
        {"tenant": tenant, "kind": after[0], "key": after[1], "most": most},
    )
    return found.all()


async def remove(uow: UnitOfWork, tenant: str, kind: str, key: str) -> bool:
    """Take one from the list; False when it was not there."""
    removed = await uow.execute(
        "DELETE FROM suppression WHERE tenant = :tenant AND kind = :kind AND key = :key RETURNING key",
        {"tenant": tenant, "kind": kind, "key": key},
    )
    return removed.one_or_none() is not None

"""Who is never to be asked: addresses by their keyed hash, customers by their id."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.db import UnitOfWork
from shared.ids import uuid7


async def add(
    uow: UnitOfWork, tenant: str, entries: Sequence[tuple[str, str]], *, reason: str, who: str
) -> int:
    """Add (kind, key) entries; how many were new. Only an unsubscription takes the place of another reason,
    and that a list has it too stays known.
    """
    entries = sorted(set(entries))
    added = await uow.execute(
        "INSERT INTO suppression AS s (tenant, kind, key, reason, who, created_at, canonical, listed) "
        "SELECT :tenant, kind, key, CAST(:reason AS text), :who, :now, true, "
        "CAST(:reason AS text) = 'listed' "
        "FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[])) AS n(kind, key) ORDER BY 2, 3 "
        "ON CONFLICT (tenant, kind, key) DO UPDATE SET "
        "listed = s.listed OR s.reason = 'listed' OR EXCLUDED.listed, "
        "reason = CASE WHEN s.reason = 'listed' THEN EXCLUDED.reason ELSE s.reason END, "
        "who = CASE WHEN s.reason = 'listed' THEN EXCLUDED.who ELSE s.who END "
        "WHERE s.reason <> EXCLUDED.reason RETURNING key",
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


async def matching(uow: UnitOfWork, wanted: Sequence[tuple[str, str, str, bool]]) -> Sequence[Row[Any]]:
    """Which of these (tenant, kind, key, earlier) are suppressed, and why. An ``earlier`` key, the hash of a
    form that older versions gave an address, matches only what they wrote.
    """
    found = await uow.execute(
        "SELECT s.tenant, s.kind, s.key, s.reason, s.created_at, s.canonical FROM suppression s "
        "JOIN unnest(CAST(:tenants AS text[]), CAST(:kinds AS text[]), CAST(:keys AS text[]), "
        "CAST(:earlier AS boolean[])) AS n(tenant, kind, key, earlier) USING (tenant, kind, key) "
        "WHERE NOT (n.earlier AND s.canonical)",
        {
            "tenants": [tenant for tenant, _, _, _ in wanted],
            "kinds": [kind for _, kind, _, _ in wanted],
            "keys": [key for _, _, key, _ in wanted],
            "earlier": [earlier for _, _, _, earlier in wanted],
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


async def hold(uow: UnitOfWork, tenant: str, kind: str, key: str) -> Row[Any] | None:
    """Lock one entry, so that it is still what was looked at when it is taken away."""
    found = await uow.execute(
        "SELECT kind, key, reason, listed FROM suppression "
        "WHERE tenant = :tenant AND kind = :kind AND key = :key FOR UPDATE",
        {"tenant": tenant, "kind": kind, "key": key},
    )
    return found.one_or_none()


async def remove(uow: UnitOfWork, tenant: str, kind: str, key: str) -> None:
    """Take one from the list."""
    await uow.execute(
        "DELETE FROM suppression WHERE tenant = :tenant AND kind = :kind AND key = :key",
        {"tenant": tenant, "kind": kind, "key": key},
    )


async def fall_back_to_list(uow: UnitOfWork, tenant: str, kind: str, key: str) -> None:
    """The customer's no is gone; that of the company's list stays."""
    await uow.execute(
        "UPDATE suppression SET reason = 'listed' WHERE tenant = :tenant AND kind = :kind AND key = :key",
        {"tenant": tenant, "kind": kind, "key": key},
    )


async def log_lift(uow: UnitOfWork, tenant: str, entry: Row[Any], *, who: str, reason: str | None) -> None:
    """Remember who took which entry away, and why."""
    await uow.execute(
        "INSERT INTO suppression_lift (tenant, id, at, kind, key, was, who, reason) "
        "VALUES (:tenant, :id, :now, :kind, :key, :was, :who, :reason)",
        {
            "tenant": tenant,
            "id": uuid7(),
            "now": uow.now,
            "kind": entry.kind,
            "key": entry.key,
            "was": entry.reason,
            "who": who,
            "reason": reason,
        },
    )


async def lifted(uow: UnitOfWork, tenant: str, after: UUID | None, most: int) -> Sequence[Row[Any]]:
    """A page of what was taken away, newest first."""
    found = await uow.execute(
        "SELECT id, at, kind, key, was, who, reason FROM suppression_lift WHERE tenant = :tenant "
        "AND (CAST(:after AS uuid) IS NULL OR id < :after) ORDER BY id DESC LIMIT :most",
        {"tenant": tenant, "after": after, "most": most},
    )
    return found.all()

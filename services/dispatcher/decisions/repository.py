"""Decisions: one for each event, and the customers whose rows are locked while they are made."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from shared.db import UnitOfWork

_DECISION = (
    "d.event_id, d.decided_at, d.source, d.source_id, d.customer_id, d.reason, d.survey_id, d.invitation_id, "
    "d.segments, d.facts, d.grounds, d.difference, d.difference_at"
)


async def known(uow: UnitOfWork, tenants: Sequence[str], event_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Which of these events have been decided, with the digest of what was decided on."""
    found = await uow.execute(
        "SELECT d.tenant, d.event_id, d.digest FROM decision d JOIN unnest(CAST(:tenants AS text[]), "
        "CAST(:event_ids AS uuid[])) AS n(tenant, event_id) USING (tenant, event_id)",
        {"tenants": list(tenants), "event_ids": list(event_ids)},
    )
    return found.all()


class CustomerRow(NamedTuple):
    """A row to be locked: a customer's id, or the keyed hash of an address, which stands for it alike."""

    tenant: str
    id: str
    address: str | None
    """The hash of the address that the id came with; an address's row has its own."""
    several: bool
    """Whether it came with more than one just now."""


async def lock_customers(uow: UnitOfWork, customers: Iterable[CustomerRow]) -> None:
    """Make sure that they have rows which know their address, or that there are several, and lock them in
    sorted order. A row that has nothing to learn is locked all the same.
    """
    found = sorted(customers, key=lambda row: (row.tenant, row.id))
    await uow.execute(
        "INSERT INTO customer AS c (tenant, id, address, several) SELECT * FROM unnest("
        "CAST(:tenants AS text[]), CAST(:ids AS text[]), CAST(:addresses AS text[]), "
        "CAST(:several AS boolean[])) ORDER BY 1, 2 ON CONFLICT (tenant, id) DO UPDATE SET "
        "address = coalesce(c.address, EXCLUDED.address), "
        "several = c.several OR EXCLUDED.several OR coalesce(c.address <> EXCLUDED.address, false) "
        "WHERE c.address IS NULL AND EXCLUDED.address IS NOT NULL "
        "OR NOT c.several AND (EXCLUDED.several OR c.address <> EXCLUDED.address)",
        {
            "tenants": [row.tenant for row in found],
            "ids": [row.id for row in found],
            "addresses": [row.address for row in found],
            "several": [row.several for row in found],
        },
    )


async def last_asked(uow: UnitOfWork, keys: Collection[tuple[str, str]]) -> Sequence[Row[Any]]:
    """When each (tenant, id or hash of an address) was last asked, by us or elsewhere."""
    found = await uow.execute(
        "SELECT c.tenant, c.id, greatest(c.invited_at, c.asked_elsewhere_at) AS asked_at FROM customer c "
        "JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS text[])) AS n(tenant, id) USING (tenant, id) "
        "WHERE c.invited_at IS NOT NULL OR c.asked_elsewhere_at IS NOT NULL",
        {"tenants": [tenant for tenant, _ in keys], "ids": [key for _, key in keys]},
    )
    return found.all()


async def has_several_addresses(uow: UnitOfWork, tenant: str, customer_id: str) -> bool:
    """Whether this id has come with more than one address."""
    found = await uow.execute(
        "SELECT several FROM customer WHERE tenant = :tenant AND id = :id",
        {"tenant": tenant, "id": customer_id},
    )
    return bool(found.scalar())


async def note_invited(uow: UnitOfWork, contacts: Sequence[tuple[str, str, datetime]]) -> None:
    """Remember when we invited each (tenant, hash of an address): the latest counts, whatever comes late,
    and the one before it should that mail not arrive.
    """
    await _note(
        uow,
        "invited_at",
        contacts,
        "invited_at = greatest(c.invited_at, EXCLUDED.invited_at), "
        "invited_before = CASE WHEN c.invited_at IS NOT NULL "
        "THEN greatest(c.invited_before, least(c.invited_at, EXCLUDED.invited_at)) END",
    )


async def forget_invited(uow: UnitOfWork, tenant: str, keys: Collection[str], at: datetime) -> None:
    """The mail that was due then has certainly not arrived: the one before it, if any, counts again."""
    await uow.execute(
        "UPDATE customer SET invited_before = NULL, "
        "invited_at = CASE WHEN invited_at = :at THEN invited_before ELSE invited_at END "
        "WHERE tenant = :tenant AND id = ANY(CAST(:keys AS text[])) AND :at IN (invited_at, invited_before)",
        {"tenant": tenant, "keys": sorted(keys), "at": at},
    )


async def note_asked_elsewhere(uow: UnitOfWork, customers: Sequence[tuple[str, str, datetime]]) -> None:
    """Remember when another system asked each; the latest counts, whatever comes late."""
    latest = "asked_elsewhere_at = greatest(c.asked_elsewhere_at, EXCLUDED.asked_elsewhere_at)"
    await _note(uow, "asked_elsewhere_at", customers, latest)


async def _note(
    uow: UnitOfWork, column: str, customers: Sequence[tuple[str, str, datetime]], known: str
) -> None:
    customers = sorted(customers)
    await uow.execute(
        f"INSERT INTO customer AS c (tenant, id, {column}) SELECT * FROM unnest(CAST(:tenants AS text[]), "
        "CAST(:ids AS text[]), CAST(:times AS timestamptz[])) ORDER BY 1, 2 "
        f"ON CONFLICT (tenant, id) DO UPDATE SET {known} WHERE c.{column} IS DISTINCT FROM EXCLUDED.{column}",
        {
            "tenants": [tenant for tenant, _, _ in customers],
            "ids": [customer for _, customer, _ in customers],
            "times": [at for _, _, at in customers],
        },
    )


async def insert(uow: UnitOfWork, columns: dict[str, list[Any]], segments: Sequence[str]) -> int:
    """Write the decisions; how many were new. ``segments`` are joined by U+001F: arrays do not nest."""
    inserted = await uow.execute(
        "INSERT INTO decision (tenant, event_id, decided_at, source, source_id, customer_id, digest, reason, "
        "survey_id, invitation_id, segments, facts, grounds) "
        "SELECT tenant, event_id, :now, source, source_id, customer_id, digest, reason, survey_id, "
        "invitation_id, "
        "string_to_array(segments, E'\\x1f'), facts, grounds FROM unnest(CAST(:tenant AS text[]), "
        "CAST(:event_id AS uuid[]), CAST(:source AS text[]), CAST(:source_id AS text[]), "
        "CAST(:customer_id AS text[]), CAST(:digest AS text[]), CAST(:reason AS text[]), "
        "CAST(:survey_id AS uuid[]), CAST(:invitation_id AS uuid[]), CAST(:segments AS text[]), "
        "CAST(:facts AS bytea[]), CAST(:grounds AS bytea[])) AS n(tenant, event_id, source, source_id, "
        "customer_id, digest, reason, survey_id, invitation_id, segments, facts, grounds) "
        "ORDER BY tenant, event_id ON CONFLICT DO NOTHING RETURNING tenant, event_id",
        {**columns, "segments": list(segments), "now": uow.now},
    )
    return len(inserted.all())


async def keep_differences(
    uow: UnitOfWork, tenants: Sequence[str], event_ids: Sequence[UUID], facts: Sequence[bytes]
) -> None:
    """Keep what came under a decided identity with other content; the first difference stays."""
    await uow.execute(
        "UPDATE decision d SET difference = n.facts, difference_at = :now FROM (SELECT * FROM unnest("
        "CAST(:tenants AS text[]), CAST(:event_ids AS uuid[]), CAST(:facts AS bytea[])) "
        "AS u(tenant, event_id, facts) ORDER BY 1, 2) n "
        "WHERE d.tenant = n.tenant AND d.event_id = n.event_id AND d.difference IS NULL",
        {"tenants": list(tenants), "event_ids": list(event_ids), "facts": list(facts), "now": uow.now},
    )


async def find(uow: UnitOfWork, tenant: str, event_id: UUID) -> Row[Any] | None:
    """One event's decision by the identity that its page has."""
    found = await uow.execute(
        f"SELECT {_DECISION} FROM decision d WHERE d.tenant = :tenant AND d.event_id = :event_id",
        {"tenant": tenant, "event_id": event_id},
    )
    return found.one_or_none()


async def of_back_end(
    uow: UnitOfWork, tenant: str, source_id: str, *, source: str | None, allowed: Sequence[str],
    after: UUID | None, most: int,
) -> Sequence[Row[Any]]:  # fmt: skip
    """The decisions of an event by its back-end's id: one for each source that used it.

    ``allowed`` none: all segments may be seen.
    """
    found = await uow.execute(
        f"SELECT {_DECISION}, i.state, i.version FROM decision d "
        "LEFT JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id "
        "WHERE d.tenant = :tenant AND d.source_id = :source_id "
        "AND (CAST(:source AS text) IS NULL OR d.source = :source) "
        "AND (cardinality(CAST(:allowed AS text[])) = 0 OR d.segments && CAST(:allowed AS text[])) "
        "AND (CAST(:after AS uuid) IS NULL OR d.event_id > :after) ORDER BY d.event_id LIMIT :most",
        {
            "tenant": tenant,
            "source_id": source_id,
            "source": source,
            "allowed": list(allowed),
            "after": after,
            "most": most,
        },
    )
    return found.all()

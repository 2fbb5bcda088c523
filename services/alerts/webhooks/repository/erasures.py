"""Which services have confirmed the erasures of companies that are told of them."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from shared.db.database import UnitOfWork
from shared.events import CustomerErased, ErasureConfirmed, Event


class KnownErasure(NamedTuple):
    """An erasure, as far as it is known here."""

    tenant: str
    target: str
    erasure_id: UUID | None
    confirmed: tuple[str, ...]


KEEP_REQUESTS = """
    INSERT INTO webhook_erasure AS t (tenant, target, erasure_id, kept_at)
    SELECT n.tenant, n.target, n.erasure_id, :now
    FROM unnest(CAST(:tenants AS text[]), CAST(:targets AS text[]), CAST(:ids AS uuid[]))
        AS n (tenant, target, erasure_id)
    ORDER BY 1, 2
    ON CONFLICT (tenant, target) DO UPDATE SET erasure_id = EXCLUDED.erasure_id
    WHERE t.erasure_id IS NULL
"""


async def keep_requests(uow: UnitOfWork, events: Sequence[Event[CustomerErased]]) -> None:
    """Keep under which request a customer is erased; the first one counts. One event for each customer."""
    await uow.execute(
        KEEP_REQUESTS,
        {
            "tenants": [event.tenant for event in events],
            "targets": [event.data.id for event in events],
            "ids": [event.data.erasure_id for event in events],
            "now": uow.now,
        },
    )


KEEP_CONFIRMATIONS = """
    WITH heard AS (
        SELECT n.tenant, n.target, array_agg(DISTINCT n.service) AS services
        FROM unnest(CAST(:tenants AS text[]), CAST(:targets AS text[]), CAST(:services AS text[]))
            AS n (tenant, target, service)
        GROUP BY 1, 2
        ORDER BY 1, 2
    )
    INSERT INTO webhook_erasure AS t (tenant, target, confirmed, kept_at)
    SELECT h.tenant, h.target, h.services, :now FROM heard h
    ON CONFLICT (tenant, target) DO UPDATE SET confirmed = ARRAY(
        SELECT DISTINCT s FROM unnest(t.confirmed || EXCLUDED.confirmed) AS s ORDER BY s
    )
    WHERE NOT t.confirmed @> EXCLUDED.confirmed
    RETURNING t.tenant, t.target, t.erasure_id, t.confirmed
"""


async def keep_confirmations(
    uow: UnitOfWork, events: Sequence[Event[ErasureConfirmed]]
) -> list[KnownErasure]:
    """Keep who has erased whom; returns the erasures of which this said anything new."""
    rows = await uow.execute(
        KEEP_CONFIRMATIONS,
        {
            "tenants": [event.tenant for event in events],
            "targets": [event.data.id for event in events],
            "services": [event.data.service for event in events],
            "now": uow.now,
        },
    )
    return [KnownErasure(row.tenant, row.target, row.erasure_id, tuple(row.confirmed)) for row in rows]

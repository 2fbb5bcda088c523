"""Requests that were carried out, by the keyed hash of the idempotency key."""

from collections.abc import Sequence
from uuid import UUID

from shared.db.database import UnitOfWork

# Until there was a table of requests, the timeline alone recorded the key.
FIND_REQUEST = """
    SELECT fingerprint FROM case_request
    WHERE tenant = :tenant AND case_id = :case AND key = ANY(CAST(:keys AS text[]))
    UNION ALL
    SELECT '' FROM timeline
    WHERE tenant = :tenant AND case_id = :case AND key = ANY(CAST(:keys AS text[]))
    ORDER BY 1 DESC
    LIMIT 1
"""


async def find_request(uow: UnitOfWork, tenant: str, case: UUID, keys: Sequence[str]) -> str | None:
    """The fingerprint of the request with one of these forms of its key, if one was carried out.

    It is empty when it was not kept.

    The case is locked.
    """
    found = await uow.execute(FIND_REQUEST, {"tenant": tenant, "case": case, "keys": list(keys)})
    return found.scalar_one_or_none()


ADD_REQUEST = """
    INSERT INTO case_request (tenant, case_id, key, fingerprint, at)
    VALUES (:tenant, :case, :key, :fingerprint, :now)
"""


async def add_request(uow: UnitOfWork, tenant: str, case: UUID, key: str, fingerprint: str) -> None:
    """Remember that a request was carried out; the case is locked."""
    await uow.execute(
        ADD_REQUEST,
        {"tenant": tenant, "case": case, "key": key, "fingerprint": fingerprint, "now": uow.now},
    )

"""``company_sender`` and ``company_sender_key``: the senders of companies and their keys; ``mail_server``."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.senders.domain import CompanySender, SenderKey, used_of
from shared.db import UnitOfWork
from shared.mail.tls_check import FoundTls

_COLUMNS = """m.tenant, m.id, m.address, m.who, m.created_at, m.checked_at, m.passed_at,
    k.selector, k.sealed, k.made_at, k.seen_at"""
_TABLES = """company_sender m
    LEFT JOIN company_sender_key k ON k.tenant = m.tenant AND k.sender_id = m.id"""

LIST_SENDERS = f"""
    SELECT {_COLUMNS} FROM {_TABLES}
    WHERE m.tenant = :tenant
    ORDER BY m.created_at DESC, m.id, k.made_at DESC, k.selector
"""


async def list_of(uow: UnitOfWork, tenant: str) -> list[CompanySender]:
    """A company's senders, the newest first, each with its keys, the newest first."""
    return _senders((await uow.execute(LIST_SENDERS, {"tenant": tenant})).all())


async def address_used(uow: UnitOfWork, tenant: str, installation: str, *, allowed: bool) -> str:
    """The address that a company's mails come from.

    :param installation: that of the installation.
    :param allowed: whether the operator allows senders of companies.
    """
    used = used_of(await list_of(uow, tenant), allowed=allowed)
    return used.address if used is not None else installation


FIND_SENDER = f"""
    SELECT {_COLUMNS} FROM {_TABLES}
    WHERE m.tenant = :tenant AND m.id = :id
    ORDER BY k.made_at DESC, k.selector
"""


async def find(uow: UnitOfWork, tenant: str, sender_id: UUID) -> CompanySender | None:
    """One of a company's senders."""
    found = _senders((await uow.execute(FIND_SENDER, {"tenant": tenant, "id": sender_id})).all())
    return found[0] if found else None


def _senders(rows: Sequence[Row[Any]]) -> list[CompanySender]:
    senders = []
    for _, group in groupby(rows, lambda row: row.id):
        own = list(group)
        first = own[0]
        keys = [
            SenderKey(selector=row.selector, sealed=row.sealed, made_at=row.made_at, seen_at=row.seen_at)
            for row in own
            if row.selector is not None
        ]
        senders.append(
            CompanySender(
                tenant=first.tenant,
                id=first.id,
                address=first.address,
                who=first.who,
                created_at=first.created_at,
                checked_at=first.checked_at,
                passed_at=first.passed_at,
                keys=keys,
            )
        )
    return senders


INSERT_SENDER = """
    INSERT INTO company_sender (tenant, id, address, who, created_at, check_at)
    VALUES (:tenant, :id, :address, :who, :now, :now)
    ON CONFLICT DO NOTHING
    RETURNING id
"""
INSERT_KEY = """
    INSERT INTO company_sender_key (tenant, sender_id, selector, sealed, made_at)
    VALUES (:tenant, :id, :selector, :sealed, :now)
"""


async def insert(uow: UnitOfWork, tenant: str, sender_id: UUID, address: str, who: str) -> bool:
    """Add a sender, whose records are looked for at once; False when one of this id is there already."""
    values = {"tenant": tenant, "id": sender_id, "address": address, "who": who, "now": uow.now}
    return (await uow.execute(INSERT_SENDER, values)).one_or_none() is not None


async def insert_key(uow: UnitOfWork, tenant: str, sender_id: UUID, selector: str, sealed: bytes) -> None:
    """Add a key, which signs nothing before its record is seen."""
    values = {"tenant": tenant, "id": sender_id, "selector": selector, "sealed": sealed, "now": uow.now}
    await uow.execute(INSERT_KEY, values)


DELETE_SENDER = """
    DELETE FROM company_sender WHERE tenant = :tenant AND id = :id RETURNING id
"""
DELETE_KEYS = """
    DELETE FROM company_sender_key
    WHERE tenant = :tenant AND sender_id = :id AND selector = ANY(CAST(:selectors AS text[]))
"""


async def delete(uow: UnitOfWork, tenant: str, sender_id: UUID) -> bool:
    """Remove a sender with its keys; False when there is none."""
    return (await uow.execute(DELETE_SENDER, {"tenant": tenant, "id": sender_id})).one_or_none() is not None


async def delete_keys(uow: UnitOfWork, tenant: str, sender_id: UUID, selectors: Sequence[str]) -> None:
    """Remove keys."""
    await uow.execute(DELETE_KEYS, {"tenant": tenant, "id": sender_id, "selectors": list(selectors)})


RECORD_SENDER = """
    UPDATE company_sender
    SET checked_at = :now, check_at = :check_at,
        passed_at = CASE WHEN :passes THEN coalesce(passed_at, :now) ELSE passed_at END
    WHERE tenant = :tenant AND id = :id
"""
RECORD_KEYS = """
    UPDATE company_sender_key
    SET seen_at = CASE WHEN selector = ANY(CAST(:seen AS text[])) THEN coalesce(seen_at, :now) END
    WHERE tenant = :tenant AND sender_id = :id
        AND (selector = ANY(CAST(:seen AS text[])) OR selector = ANY(CAST(:missing AS text[])))
"""


async def record_check(
    uow: UnitOfWork,
    tenant: str,
    sender_id: UUID,
    *,
    passes: bool,
    seen: Sequence[str],
    missing: Sequence[str],
    check_at: datetime,
) -> None:
    """Keep what a check has found of a sender and its keys; a key that is in neither list stays as it is."""
    about = {"tenant": tenant, "id": sender_id, "now": uow.now}
    await uow.execute(RECORD_SENDER, {**about, "passes": passes, "check_at": check_at})
    await uow.execute(RECORD_KEYS, {**about, "seen": list(seen), "missing": list(missing)})


CLAIM_CHECK = """
    UPDATE company_sender SET check_at = :later
    WHERE (tenant, id) = (
        SELECT tenant, id FROM company_sender
        WHERE check_at <= :now
        ORDER BY check_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
    RETURNING tenant, id
"""


async def claim_check(uow: UnitOfWork, later: datetime) -> tuple[str, UUID] | None:
    """The sender of any company that is to be checked next, which then waits until ``later``."""
    row = (await uow.execute(CLAIM_CHECK, {"now": uow.now, "later": later})).one_or_none()
    return (row.tenant, row.id) if row is not None else None


USED_SENDER = """
    SELECT m.id AS sender_id, m.address AS sender_address, k.selector AS sender_selector,
        k.sealed AS sender_sealed
    FROM company_sender m
    JOIN company_sender_key k ON k.tenant = m.tenant AND k.sender_id = m.id AND k.seen_at IS NOT NULL
    WHERE m.tenant = {tenant} AND m.passed_at IS NOT NULL
    ORDER BY m.created_at DESC, m.id, k.made_at DESC, k.selector
    LIMIT 1
"""
"""The sender that a company's mails come from, with the key that signs them; as ``states_of`` has it."""

COUNT_STATES = """
    SELECT
        count(*) FILTER (WHERE passed_at IS NULL) AS waiting,
        count(*) FILTER (WHERE passed_at IS NOT NULL AND has_key) AS usable,
        count(*) FILTER (WHERE passed_at IS NOT NULL AND NOT has_key) AS lost
    FROM (
        SELECT m.passed_at, EXISTS (
            SELECT FROM company_sender_key k
            WHERE k.tenant = m.tenant AND k.sender_id = m.id AND k.seen_at IS NOT NULL
        ) AS has_key
        FROM company_sender m
    ) s
"""


async def count_states(uow: UnitOfWork) -> Row[Any]:
    """How many senders of all companies wait for their records, may be used, or have lost them."""
    return (await uow.execute(COUNT_STATES)).one()


CLAIM_TLS = """
    INSERT INTO mail_server (id, looked_at, host, is_local, fault, detail)
    VALUES (1, :now, '', false, :unknown, '')
    ON CONFLICT (id) DO UPDATE SET looked_at = :now WHERE mail_server.looked_at < :before
    RETURNING id
"""
WRITE_TLS = """
    UPDATE mail_server SET host = :host, is_local = :is_local, fault = :fault, detail = :detail WHERE id = 1
"""
FIND_TLS = """
    SELECT host, is_local, fault, detail FROM mail_server WHERE id = 1 AND fault IS DISTINCT FROM :unknown
"""
NOT_LOOKED_YET = "not looked yet"


async def claim_tls(uow: UnitOfWork, before: datetime) -> bool:
    """Claim the next look at the mail server, where the last one was before this time."""
    values = {"now": uow.now, "before": before, "unknown": NOT_LOOKED_YET}
    return (await uow.execute(CLAIM_TLS, values)).one_or_none() is not None


async def write_tls(uow: UnitOfWork, found: FoundTls) -> None:
    """Keep what was found."""
    values = {"host": found.host, "is_local": found.is_local, "fault": found.fault, "detail": found.detail}
    await uow.execute(WRITE_TLS, values)


async def find_tls(uow: UnitOfWork) -> FoundTls | None:
    """What was found last; None: no process that sends has looked yet."""
    row = (await uow.execute(FIND_TLS, {"unknown": NOT_LOOKED_YET})).one_or_none()
    return FoundTls(row.host, row.is_local, row.fault, row.detail) if row is not None else None

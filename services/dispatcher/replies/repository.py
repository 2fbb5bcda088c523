"""``case_mail``: mails from cases to customers; ``mail_back``: which mails of customers were taken."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.dispatcher.invitations.repository import COLUMNS as INVITATION_COLUMNS
from services.dispatcher.models import case_mail
from services.dispatcher.replies.domain import MailWords, OutgoingMail
from shared.db import UnitOfWork
from shared.db.bulk import insert as insert_rows
from shared.events import CASE_MAILS
from shared.outbound import claim_sql
from shared.privacy.erased import TARGETS, Target, of_target, target_values
from shared.privacy.persons import NOBODY

_FIELDS = [name for name in OutgoingMail.__struct_fields__ if name != "words"]
COLUMNS = ", ".join(f"m.{name}" for name in (*_FIELDS, "body"))
_words = msgspec.json.Decoder(MailWords)

# It has been published when nothing of it is left in the outbox: after a restore its topic tells what left.
CLAIM = claim_sql(
    columns=f"{', '.join(f'm.{name} AS mail_{name}' for name in _FIELDS)}, m.body AS mail_body",
    joined="JOIN case_mail m ON m.tenant = w.tenant AND m.id = w.about_id",
    locked="m",
    first="w.kind, w.due_at",
    may_leave=f"""w.kind IN ('reply', 'update') AND m.state = 'waiting'
                AND w.tenant NOT IN (SELECT tenant FROM sending WHERE stopped)
                AND coalesce((
                    SELECT false FROM outbox o
                    WHERE o.topic = '{CASE_MAILS.name}'
                        AND o.key = convert_to(w.tenant || '/' || CAST(w.about_id AS text), 'UTF8')
                    LIMIT 1
                ), true)""",
)
"""A mail from a case that is due and published, and whose tenant is not stopped: what a colleague wrote comes
before updates, of which there may be thousands."""


def read_mail(row: Any, prefix: str = "") -> OutgoingMail:
    """The mail of a row with ``COLUMNS``."""
    body = getattr(row, f"{prefix}body")
    values = {name: getattr(row, f"{prefix}{name}") for name in _FIELDS}
    return OutgoingMail(**values, words=_words.decode(body) if body is not None else None)


async def insert(uow: UnitOfWork, mails: Sequence[OutgoingMail]) -> set[tuple[str, UUID]]:
    """Store new mails; returns those that were not known."""
    if not mails:
        return set()
    inserted = await insert_rows(
        uow,
        case_mail,
        mails,
        body=[msgspec.json.encode(mail.words) if mail.words is not None else None for mail in mails],
        changed_at=uow.now,
        returning="tenant, id",
    )
    return {(row.tenant, row.id) for row in inserted}


FIND_KNOWN = """
    SELECT tenant, id FROM case_mail
    WHERE (tenant, id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
"""


async def known(uow: UnitOfWork, keys: Collection[tuple[str, UUID]]) -> set[tuple[str, UUID]]:
    """Those of these (tenant, id) that were taken before."""
    values = {"tenants": [tenant for tenant, _ in keys], "ids": [mail for _, mail in keys]}
    return {(row.tenant, row.id) for row in await uow.execute(FIND_KNOWN, values)}


LOCK = f"SELECT {COLUMNS} FROM case_mail m WHERE m.tenant = :tenant AND m.id = :id FOR UPDATE"
LOCK_BY_ID = f"SELECT {COLUMNS} FROM case_mail m WHERE m.id = :id FOR UPDATE"


async def lock(uow: UnitOfWork, tenant: str, mail_id: UUID) -> OutgoingMail | None:
    """Lock a mail."""
    row = (await uow.execute(LOCK, {"tenant": tenant, "id": mail_id})).one_or_none()
    return read_mail(row) if row is not None else None


async def lock_by_id(uow: UnitOfWork, mail_id: UUID) -> OutgoingMail | None:
    """Lock the mail of a signed reference: it is that which leads to the company."""
    row = (await uow.execute(LOCK_BY_ID, {"id": mail_id})).one_or_none()
    return read_mail(row) if row is not None else None


WRITE = """
    UPDATE case_mail SET state = :state, version = :version, reason = :reason, changed_at = :now,
        body = CASE WHEN :state = 'waiting' THEN body END
    WHERE tenant = :tenant AND id = :id
"""


async def write(uow: UnitOfWork, mail: OutgoingMail) -> None:
    """Write the state of a locked mail; the words of one that is settled are forgotten."""
    await uow.execute(
        WRITE,
        {
            "tenant": mail.tenant,
            "id": mail.id,
            "state": mail.state,
            "version": mail.version,
            "reason": mail.reason,
            "now": uow.now,
        },
    )


FIND_ABOUT = f"""
    SELECT {INVITATION_COLUMNS},
        (
            SELECT h.may_contact FROM case_heard h WHERE h.tenant = i.tenant AND h.id = :case_id
        ) AS may_contact,
        coalesce(d.state IN ('sent', 'unknown'), false) AS mailed
    FROM invitation i
    LEFT JOIN delivery d ON d.tenant = i.tenant AND d.about_id = i.id AND d.n = 1 AND d.channel = 'mail'
    WHERE i.tenant = :tenant AND i.id = :id
"""


async def find_about(uow: UnitOfWork, mail: OutgoingMail) -> Row[Any] | None:
    """The invitation whose customer a mail goes to, with what they said about contact, and whether a mail of
    it has left.
    """
    values = {"tenant": mail.tenant, "id": mail.answer_id, "case_id": mail.case_id}
    return (await uow.execute(FIND_ABOUT, values)).one_or_none()


INSERT_BACK = """
    INSERT INTO mail_back (tenant, mail_id, id, came_at, automatic)
    VALUES (:tenant, :mail_id, :id, :came_at, :automatic)
    ON CONFLICT DO NOTHING
    RETURNING id
"""
COUNT_BACK = """
    SELECT count(*) FROM mail_back WHERE tenant = :tenant AND mail_id = :mail_id AND came_at > :since
"""


async def insert_back(
    uow: UnitOfWork, tenant: str, mail_id: UUID, back_id: UUID, came_at: datetime, *, automatic: bool
) -> bool:
    """Remember a customer's mail; False: it was taken before."""
    values = {"tenant": tenant, "mail_id": mail_id, "id": back_id, "came_at": came_at, "automatic": automatic}
    return (await uow.execute(INSERT_BACK, values)).one_or_none() is not None


async def count_back(uow: UnitOfWork, mail: OutgoingMail, within: timedelta) -> int:
    """How many mails have answered a locked one of ours lately."""
    values = {"tenant": mail.tenant, "mail_id": mail.id, "since": uow.now - within}
    return int((await uow.execute(COUNT_BACK, values)).scalar_one())


LOCK_UNDELIVERED = f"""
    SELECT {COLUMNS} FROM case_mail m
    WHERE m.state = 'waiting' AND NOT EXISTS (
        SELECT FROM delivery d WHERE d.tenant = m.tenant AND d.about_id = m.id
    )
    ORDER BY m.tenant, m.id
    LIMIT :limit
    FOR UPDATE
"""


async def lock_undelivered(uow: UnitOfWork, limit: int) -> list[OutgoingMail]:
    """Lock mails that wait without a delivery: they were restored from what is published."""
    return [read_mail(row) for row in await uow.execute(LOCK_UNDELIVERED, {"limit": limit})]


_OF_MAIL = of_target("m.contact_key", row="m")
LOCK_DELIVERIES_OF = f"""
    SELECT d.tenant, d.about_id, d.state
    FROM delivery d
    JOIN case_mail m ON m.tenant = d.tenant AND m.id = d.about_id
    JOIN {TARGETS} ON {_OF_MAIL}
    ORDER BY d.tenant, d.about_id, d.n
    FOR UPDATE OF d
"""
LOCK_MAILS_OF = f"""
    SELECT {COLUMNS} FROM case_mail m JOIN {TARGETS} ON {_OF_MAIL}
    ORDER BY m.tenant, m.id
    FOR UPDATE OF m
"""
ERASE_MAILS = f"""
    UPDATE case_mail m SET version = m.version + 1, person = '{NOBODY}', contact_key = NULL,
        customer_id = NULL, body = NULL,
        state = CASE WHEN m.state = 'waiting' THEN 'refused' ELSE m.state END,
        reason = CASE m.state WHEN 'waiting' THEN 'erased' WHEN 'refused' THEN m.reason END
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
    WHERE m.tenant = n.tenant AND m.id = n.id
"""
FIND_BACK_OF = """
    SELECT b.tenant, b.id FROM mail_back b
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
        ON b.tenant = n.tenant AND b.mail_id = n.id
"""


async def lock_deliveries_of(uow: UnitOfWork, targets: Collection[Target]) -> Sequence[Row[Any]]:
    """Lock the deliveries of mails to these customers: no sender claims one from now on."""
    return (await uow.execute(LOCK_DELIVERIES_OF, target_values(targets))).all()


async def lock_mails_of(uow: UnitOfWork, targets: Collection[Target]) -> list[OutgoingMail]:
    """Lock the mails to these customers."""
    rows = await uow.execute(LOCK_MAILS_OF, target_values(targets))
    return list({(row.tenant, row.id): read_mail(row) for row in rows}.values())


async def erase_mails(uow: UnitOfWork, mails: Sequence[OutgoingMail]) -> list[tuple[str, UUID]]:
    """Remove whose locked mails were, and their words; returns the mails that had answered them."""
    values = {"tenants": [mail.tenant for mail in mails], "ids": [mail.id for mail in mails]}
    await uow.execute(ERASE_MAILS, values)
    return [(row.tenant, row.id) for row in await uow.execute(FIND_BACK_OF, values)]

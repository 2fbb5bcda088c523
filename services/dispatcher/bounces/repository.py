"""``bounce``: which mails came back or were complained about; ``webhook_token``: requests that were taken."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.bounces.failures import MailReport, ReportSource
from services.dispatcher.invitations.repository import COLUMNS
from shared.db import UnitOfWork

LOCK_INVITATION = f"""
    SELECT {COLUMNS}, i.person FROM invitation i WHERE i.id = :id FOR UPDATE
"""


async def lock_invitation(uow: UnitOfWork, invitation_id: UUID) -> Row[Any] | None:
    """Lock the invitation of a mail's signed reference: it is that which leads to the company."""
    return (await uow.execute(LOCK_INVITATION, {"id": invitation_id})).one_or_none()


INSERT_BOUNCE = """
    INSERT INTO bounce (tenant, invitation_id, n, kind, at, status, source, dropped)
    VALUES (:tenant, :invitation_id, :n, :kind, :now, :status, :source, false)
    ON CONFLICT DO NOTHING
    RETURNING n
"""


async def insert(uow: UnitOfWork, tenant: str, report: MailReport, source: ReportSource) -> bool:
    """Store a report; False: the same was stored of this mail before, by whatever way it came."""
    inserted = await uow.execute(
        INSERT_BOUNCE,
        {
            "tenant": tenant,
            "invitation_id": report.mail.about_id,
            "n": report.mail.n,
            "kind": report.kind,
            "now": uow.now,
            "status": report.status,
            "source": source,
        },
    )
    return inserted.one_or_none() is not None


MARK_DROPPED = """
    UPDATE bounce SET dropped = true
    WHERE tenant = :tenant AND invitation_id = :invitation_id AND n = :n AND kind = :kind
"""


async def mark_dropped(uow: UnitOfWork, tenant: str, report: MailReport) -> None:
    """Keep that nobody is asked any more for this report."""
    await uow.execute(
        MARK_DROPPED,
        {
            "tenant": tenant,
            "invitation_id": report.mail.about_id,
            "n": report.mail.n,
            "kind": report.kind,
        },
    )


LOCK_ADDRESS = """
    SELECT pg_advisory_xact_lock(hashtextextended('bounce/' || :tenant || '/' || :address, 0))
"""
COUNT_SOFT = """
    SELECT count(*) FROM invitation i
    JOIN bounce b ON b.tenant = i.tenant AND b.invitation_id = i.id
    WHERE i.tenant = :tenant
        AND i.person IN (
            SELECT k.person FROM known_customer k WHERE k.tenant = :tenant AND k.contact = :address
            UNION SELECT :person
        )
        AND b.kind = 'soft' AND b.at > :since
        AND CAST(convert_from(i.body, 'UTF8') AS json) ->> 'contact_key' = :address
"""


async def count_soft(uow: UnitOfWork, tenant: str, person: str, address: str, since: datetime) -> int:
    """How many mails to an address came back softly since then, of whatever survey and under whatever id, of
    those that this transaction and all that committed before it have stored: two that count for one address
    do so one after the other.

    :param address: its keyed hash.
    """
    await uow.execute(LOCK_ADDRESS, {"tenant": tenant, "address": address})
    values = {"tenant": tenant, "person": person, "address": address, "since": since}
    return int((await uow.execute(COUNT_SOFT, values)).scalar_one())


EMAIL = "CAST(convert_from(i.body, 'UTF8') AS json) -> 'customer' ->> 'email'"
DOMAIN = f"lower(substring({EMAIL} FROM '@([^@]*)$'))"
LEFT_SINCE = """
    d.channel = 'mail' AND d.state IN ('sent', 'unknown') AND d.settled_at > :since
"""
"""Each mail ``d``, reminders, too; both sides of a share are counted of these."""
COUNT_RETURNED_BY_POLICY = f"""
    SELECT {DOMAIN} AS domain, count(DISTINCT lower({EMAIL})) AS addresses,
        count(DISTINCT (d.tenant, d.about_id, d.n)) AS mails, max(b.at) AS last_at
    FROM bounce b
    JOIN delivery d ON d.tenant = b.tenant AND d.about_id = b.invitation_id AND d.n = b.n
    JOIN invitation i ON i.tenant = b.tenant AND i.id = b.invitation_id
    WHERE b.at > :since AND b.kind = 'policy' AND {LEFT_SINCE} AND {DOMAIN} IS NOT NULL
    GROUP BY 1
"""


async def count_returned_by_policy(uow: UnitOfWork, since: datetime) -> Sequence[Row[Any]]:
    """By domain, as it is written: how many of the mails of all companies that left since then have come back
    by policy, to how many addresses, and when the last one did.
    """
    return (await uow.execute(COUNT_RETURNED_BY_POLICY, {"since": since})).all()


COUNT_LEFT = f"""
    SELECT count(*) FROM (
        SELECT FROM invitation i
        JOIN delivery d ON d.tenant = i.tenant AND d.about_id = i.id
        WHERE i.changed_at > :since AND {LEFT_SINCE} AND {DOMAIN} = ANY(CAST(:domains AS text[]))
        LIMIT :enough
    ) AS mails
"""


async def count_left(uow: UnitOfWork, domains: Sequence[str], since: datetime, enough: int) -> int:
    """How many mails of all companies left for these domains since then; it stops counting at ``enough``."""
    values = {"domains": list(domains), "since": since, "enough": enough}
    return int((await uow.execute(COUNT_LEFT, values)).scalar_one())


LIST_BOUNCES = """
    SELECT n, kind, at, status, source, dropped FROM bounce
    WHERE tenant = :tenant AND invitation_id = :invitation_id
    ORDER BY at, n, kind
"""


async def list_of(uow: UnitOfWork, tenant: str, invitation_id: UUID) -> Sequence[Row[Any]]:
    """What was reported of one invitation's mails, the oldest first."""
    values = {"tenant": tenant, "invitation_id": invitation_id}
    return (await uow.execute(LIST_BOUNCES, values)).all()


INSERT_REQUEST = """
    INSERT INTO webhook_token (provider, token, seen_at) VALUES (:provider, :token, :now)
    ON CONFLICT DO NOTHING
    RETURNING token
"""
FORGET_REQUESTS = """
    DELETE FROM webhook_token WHERE seen_at < :before
"""


async def take_token(uow: UnitOfWork, provider: str, token: str, kept_for: timedelta) -> bool:
    """Take the token of a request; False: it was taken before. Those that no request may have are forgotten.

    :param token: its hash.
    """
    await uow.execute(FORGET_REQUESTS, {"before": uow.now - kept_for})
    taken = await uow.execute(INSERT_REQUEST, {"provider": provider, "token": token, "now": uow.now})
    return taken.one_or_none() is not None

"""Which companies know a phone number, what it was texted last, and which of its replies were answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.invitations.repository import COLUMNS
from shared.db import UnitOfWork
from shared.outbound.outcome_rules import LEASE_DURATION

TextBackKind = Literal["help", "again", "reason"]
"""What a reply is answered with: who asks and how to stop; how to answer; the link to say why."""
LIST_TENANTS = "SELECT id FROM tenant ORDER BY id"


async def list_tenants(uow: UnitOfWork) -> list[str]:
    """All companies."""
    return list((await uow.execute(LIST_TENANTS)).scalars())


FIND_KNOWING = """
    SELECT n.tenant
    FROM unnest(CAST(:tenants AS text[]), CAST(:keys AS text[])) AS n(tenant, key)
    JOIN customer c ON c.tenant = n.tenant AND c.id = n.key
    ORDER BY 1
"""


async def find_knowing(uow: UnitOfWork, names: Sequence[tuple[str, str]]) -> list[str]:
    """The companies to whom the number came, each given with its hash of it."""
    return list((await uow.execute(FIND_KNOWING, _values(names))).scalars())


# A delivery becomes unknown when its lease has ended, or at once with a broken connection: it left before.
FIND_LAST_TEXTED = f"""
    SELECT DISTINCT ON (i.tenant) {COLUMNS}, w.texts AS words, t.body AS tenant_body, x.texted_at
    FROM unnest(CAST(:tenants AS text[]), CAST(:keys AS text[])) AS n(tenant, key)
    JOIN asked a ON a.tenant = n.tenant AND a.contact = n.key AND NOT a.elsewhere
    JOIN invitation i ON i.tenant = a.tenant AND i.id = a.id AND i.state IN ('sending', 'sent', 'unknown')
    JOIN delivery d ON d.tenant = i.tenant AND d.about_id = i.id AND d.channel = 'sms'
        AND d.state IN ('sending', 'sent', 'unknown')
    CROSS JOIN LATERAL (
        SELECT CASE d.state WHEN 'sending' THEN d.lease_until - CAST(:lease AS interval)
            WHEN 'unknown' THEN coalesce(d.settled_at - CAST(:lease AS interval), d.due_at)
            ELSE coalesce(d.settled_at, i.sent_at, d.due_at) END AS texted_at
    ) AS x
    JOIN tenant t ON t.id = i.tenant
    LEFT JOIN survey_words w ON w.tenant = i.tenant AND w.survey_id = i.survey_id
        AND w.survey_version =
            CAST(CAST(convert_from(i.body, 'UTF8') AS json) ->> 'survey_version' AS integer)
    WHERE x.texted_at <= :said_at
    ORDER BY i.tenant, x.texted_at DESC, i.id DESC
"""


async def find_last_texted(
    uow: UnitOfWork, names: Sequence[tuple[str, str]], said_at: datetime
) -> list[Row[Any]]:
    """Of each company that has texted the number, the invitation of its last text, a reminder's, too; whose
    text left last comes first. A text that a provider is being handed may have been read already.

    :param said_at: when something was replied: a text that left later is none that it is about.
    """
    values = {**_values(names), "said_at": said_at, "lease": LEASE_DURATION}
    found = (await uow.execute(FIND_LAST_TEXTED, values)).all()
    return sorted(found, key=lambda row: (row.texted_at, row.id), reverse=True)


def _values(names: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {"tenants": [tenant for tenant, _ in names], "keys": [key for _, key in names]}


CLAIM_TEXT_BACK = """
    INSERT INTO text_back (tenant, invitation_id, kind, at) VALUES (:tenant, :invitation_id, :kind, :now)
    ON CONFLICT DO NOTHING
    RETURNING kind
"""


async def claim_text_back(uow: UnitOfWork, tenant: str, invitation_id: UUID, kind: TextBackKind) -> bool:
    """Whether a text of this kind is to be sent back: once about an invitation."""
    values = {"tenant": tenant, "invitation_id": invitation_id, "kind": kind, "now": uow.now}
    return (await uow.execute(CLAIM_TEXT_BACK, values)).one_or_none() is not None

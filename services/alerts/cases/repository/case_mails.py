"""``case_mail``: mails between cases and customers, each with what became of it; their words are entries."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.repository.cases import Key
from shared.db.database import UnitOfWork
from shared.events import CaseMail, CaseMailState, Event
from shared.events.case_mails import MailDirection


class CaseMailRow(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it is stored."""

    tenant: str
    id: UUID
    case_id: UUID
    direction: MailDirection
    kind: str = "reply"
    reply_id: UUID
    version: int = 0
    """Of what the dispatcher has told of it; 0: nothing yet."""
    state: CaseMailState
    reason: str | None = None
    fingerprint: str = ""
    """The keyed hash of what was asked for; empty: nobody here did."""
    answers: list[UUID] = []
    """Of the case, which it may be about."""
    written_at: datetime


_FIELDS = ", ".join(CaseMailRow.__struct_fields__)
ADD = f"""
    INSERT INTO case_mail ({_FIELDS})
    SELECT {_FIELDS}
    FROM jsonb_populate_recordset(CAST(NULL AS case_mail), CAST(CAST(:rows AS text) AS jsonb))
    ORDER BY tenant, id
    ON CONFLICT DO NOTHING
    RETURNING tenant, id
"""


async def add(uow: UnitOfWork, mails: Sequence[CaseMailRow]) -> set[Key]:
    """Store mails; returns those that were not known. They travel as JSON, since arrays of arrays do not
    unnest.
    """
    if not mails:
        return set()
    rows = await uow.execute(ADD, {"rows": msgspec.json.encode(mails).decode()})
    return {(row.tenant, row.id) for row in rows}


FIND = """
    SELECT case_id, fingerprint FROM case_mail WHERE tenant = :tenant AND id = :id
"""


async def find(uow: UnitOfWork, tenant: str, mail_id: UUID) -> Row[Any] | None:
    """Of which case a mail is, and what was asked for."""
    return (await uow.execute(FIND, {"tenant": tenant, "id": mail_id})).one_or_none()


COUNT_WRITTEN = """
    SELECT count(*) FROM case_mail
    WHERE tenant = :tenant AND case_id = :case AND direction = 'out' AND kind <> 'update'
        AND written_at > :since
"""


async def count_written(uow: UnitOfWork, case: CaseFile, within: timedelta) -> int:
    """How many mails were written from a locked case lately."""
    values = {"tenant": case.tenant, "case": case.id, "since": uow.now - within}
    return int((await uow.execute(COUNT_WRITTEN, values)).scalar_one())


FIND_ANSWERS = """
    SELECT tenant, id, answers FROM case_mail
    WHERE (tenant, id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
"""


async def answers_of(uow: UnitOfWork, mails: Sequence[Key]) -> dict[Key, list[UUID]]:
    """The answers that each of these mails may be about."""
    values = {"tenants": [tenant for tenant, _ in mails], "ids": [mail for _, mail in mails]}
    return {(row.tenant, row.id): list(row.answers) for row in await uow.execute(FIND_ANSWERS, values)}


KEEP_STATES = """
    UPDATE case_mail t SET version = n.version, state = n.state, reason = n.reason
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:versions AS bigint[]),
        CAST(:states AS text[]), CAST(:reasons AS text[])
    ) AS n(tenant, id, version, state, reason)
    WHERE t.tenant = n.tenant AND t.id = n.id AND t.version < n.version
    RETURNING t.tenant, t.id
"""


async def keep_states(uow: UnitOfWork, events: Sequence[Event[CaseMail]]) -> set[Key]:
    """Keep what is told of mails of ours, each the newest; returns those that were told something new."""
    if not events:
        return set()
    rows = await uow.execute(
        KEEP_STATES,
        {
            "tenants": [event.tenant for event in events],
            "ids": [event.data.id for event in events],
            "versions": [event.data.version for event in events],
            "states": [event.data.state for event in events],
            "reasons": [event.data.reason for event in events],
        },
    )
    return {(row.tenant, row.id) for row in rows}


FIND_SENT = """
    SELECT 1 FROM case_mail
    WHERE tenant = :tenant AND case_id = :case AND direction = 'out' AND kind <> 'update' AND state = 'sent'
    LIMIT 1
"""


async def has_sent(uow: UnitOfWork, case: CaseFile) -> bool:
    """Whether a colleague's mail from a locked case has left, and has not come back."""
    values = {"tenant": case.tenant, "case": case.id}
    return (await uow.execute(FIND_SENT, values)).first() is not None


FIND_STATES = """
    SELECT id, state, reason FROM case_mail
    WHERE tenant = :tenant AND case_id = :case AND direction = 'out'
    ORDER BY written_at DESC
    LIMIT :limit
"""
MAX_STATES = 200


async def states_of(uow: UnitOfWork, tenant: str, case: UUID) -> dict[str, tuple[CaseMailState, str | None]]:
    """What became of the last mails from a case, and why, by their ids as entries have them."""
    rows = await uow.execute(FIND_STATES, {"tenant": tenant, "case": case, "limit": MAX_STATES})
    return {str(row.id): (row.state, row.reason) for row in rows}


FIND_OF_CASES = """
    SELECT t.tenant, t.id FROM case_mail t
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n(tenant, id)
        ON t.tenant = n.tenant AND t.case_id = n.id
    WHERE t.direction = 'out' AND t.kind <> 'update'
    ORDER BY 1, 2
"""


async def written_from(uow: UnitOfWork, cases: Sequence[Key]) -> list[Key]:
    """The mails that colleagues wrote from these cases."""
    values = {"tenants": [tenant for tenant, _ in cases], "ids": [case for _, case in cases]}
    return [(row.tenant, row.id) for row in await uow.execute(FIND_OF_CASES, values)]

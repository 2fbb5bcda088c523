"""Mails to colleagues: what each is about; its delivery tells whether it was sent."""

from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from services.alerts.cases.domain.case_clocks import ClockName, ClockStep
from shared.db.database import UnitOfWork
from shared.ids import derived, uuid7
from shared.outbound import NewDelivery, claim_sql, deliveries
from shared.permissions import ADMIN
from shared.tenancy.closed import IS_OPEN

CaseNotice = tuple[str, UUID, UUID, UUID]
"""Tenant, person, case, answer."""

QUEUE_CASE_NOTICES = """
    INSERT INTO notification (
        tenant, id, kind, staff_id, case_id, answer_id, state, attempts, due_at, created_at
    )
    SELECT n.tenant, n.id, 'case', n.person, n.case_id, n.answer, :state, 0, :now, :now
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:persons AS uuid[]), CAST(:cases AS uuid[]),
        CAST(:answers AS uuid[])
    ) AS n (tenant, id, person, case_id, answer)
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING
"""


async def queue_case_notices(
    uow: UnitOfWork, wanted: Sequence[CaseNotice], *, state: Literal["waiting", "unknown"] = "waiting"
) -> None:
    """Queue the mail about an answer once for each person, however often the answer is consumed.

    ``unknown``: it may have been sent already, and never will be.
    """
    rows = sorted(
        (tenant, derived("notification", tenant, str(answer), str(person)), person, case, answer)
        for tenant, person, case, answer in wanted
    )
    tenants, ids, persons, cases, answers = zip(*rows, strict=True)
    await uow.execute(
        QUEUE_CASE_NOTICES,
        {
            "tenants": list(tenants),
            "ids": list(ids),
            "persons": list(persons),
            "cases": list(cases),
            "answers": list(answers),
            "state": state,
            "now": uow.now,
        },
    )
    await _queue(uow, list(zip(tenants, ids, strict=True)), state)


ClockKind = Literal["contact_warning", "contact_escalation", "closing_warning", "closing_escalation"]
CLOCK_KINDS: dict[tuple[ClockName, bool], ClockKind] = {
    ("contact", False): "contact_warning",
    ("contact", True): "contact_escalation",
    ("closing", False): "closing_warning",
    ("closing", True): "closing_escalation",
}
"""By the clock, and whether its deadline was missed."""


class ClockNotice(NamedTuple):
    """A mail to one person about a step of a case's clock; ``answer`` is the one that heads the case."""

    tenant: str
    person: UUID
    case: UUID
    answer: UUID
    kind: ClockKind
    step: ClockStep


QUEUE_CLOCK_NOTICES = """
    INSERT INTO notification (
        tenant, id, kind, staff_id, case_id, answer_id, state, attempts, due_at, created_at
    )
    SELECT n.tenant, n.id, n.kind, n.person, n.case_id, n.answer, 'waiting', 0, :now, :now
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:persons AS uuid[]),
        CAST(:cases AS uuid[]), CAST(:answers AS uuid[])
    ) AS n (tenant, id, kind, person, case_id, answer)
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING
"""


async def queue_clock_notices(uow: UnitOfWork, wanted: Sequence[ClockNotice]) -> None:
    """Queue each mail once, however often its step is done."""
    if not wanted:
        return
    ids = [
        derived(
            *("notification", one.tenant, str(one.case), one.kind, str(one.step.level)),
            *(one.step.at.isoformat(), str(one.person)),
        )
        for one in wanted
    ]
    await uow.execute(
        QUEUE_CLOCK_NOTICES,
        {
            "tenants": [one.tenant for one in wanted],
            "ids": ids,
            "kinds": [one.kind for one in wanted],
            "persons": [one.person for one in wanted],
            "cases": [one.case for one in wanted],
            "answers": [one.answer for one in wanted],
            "now": uow.now,
        },
    )
    await _queue(uow, list(zip((one.tenant for one in wanted), ids, strict=True)), "waiting")


QUEUE_INVITATION = """
    INSERT INTO notification (tenant, id, kind, staff_id, state, attempts, due_at, created_at, by_id)
    VALUES (:tenant, :id, 'invite', :person, 'waiting', 0, :now, :now, :by)
"""


async def queue_invitation(uow: UnitOfWork, tenant: str, person: UUID, *, by: UUID | None = None) -> None:
    """Queue the mail by which a colleague (``by``) invites a person; its link is made when it is sent."""
    notice = uuid7()
    await uow.execute(
        QUEUE_INVITATION, {"tenant": tenant, "id": notice, "person": person, "now": uow.now, "by": by}
    )
    await _queue(uow, [(tenant, notice)], "waiting")


# Whatever mails they want about cases: the company's own system has stopped to hear of anything.
QUEUE_WEBHOOK_NOTICES = """
    INSERT INTO notification (
        tenant, id, kind, staff_id, webhook_id, state, attempts, due_at, created_at
    )
    SELECT s.tenant, uuidv7(), 'webhook', s.id, :webhook, 'waiting', 0, :now, :now
    FROM staff s
    WHERE s.tenant = :tenant AND s.role = :admin AND s.active AND cardinality(s.segments) = 0
    RETURNING id
"""


async def queue_webhook_notices(uow: UnitOfWork, tenant: str, webhook: UUID) -> None:
    """Queue the mails by which the administrators of a company hear that a webhook was switched off."""
    rows = await uow.execute(
        QUEUE_WEBHOOK_NOTICES, {"tenant": tenant, "webhook": webhook, "admin": ADMIN, "now": uow.now}
    )
    await _queue(uow, [(tenant, row.id) for row in rows], "waiting")


async def _queue(
    uow: UnitOfWork, notices: Sequence[tuple[str, UUID]], state: Literal["waiting", "unknown"]
) -> None:
    await deliveries.add(
        uow,
        [
            NewDelivery(tenant=tenant, about_id=notice, kind="notice", due_at=uow.now, state=state)
            for tenant, notice in notices
        ],
    )


CLAIM = claim_sql(
    columns="""n.id, n.kind AS notice_kind, n.case_id, n.answer_id, n.by_id, n.webhook_id,
            s.id AS staff_id, s.address, s.name, s.role, s.segments, s.active, s.wants_mail, s.language""",
    joined="""JOIN notification n ON n.tenant = w.tenant AND n.id = w.about_id AND n.state = 'waiting'
            JOIN staff s ON s.tenant = n.tenant AND s.id = n.staff_id""",
    locked="n",
    may_leave=f"w.tenant {IS_OPEN}",
)
"""A notice that is due, with its recipient as they are now."""

COUNT_STATES = """
    SELECT d.state, count(*) AS n
    FROM notification n
    JOIN delivery d ON d.tenant = n.tenant AND d.about_id = n.id
    WHERE n.tenant = :tenant AND n.case_id = :case AND n.answer_id = ANY(CAST(:answers AS uuid[]))
    GROUP BY 1
"""


async def count_states(uow: UnitOfWork, tenant: str, case: UUID, answers: Sequence[UUID]) -> dict[str, int]:
    """How many mails about these answers of a case are in each state."""
    rows = await uow.execute(COUNT_STATES, {"tenant": tenant, "case": case, "answers": list(answers)})
    return {row.state: row.n for row in rows}

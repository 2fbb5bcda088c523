"""New mails from cases: stored once, queued where they wait, and told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.dispatcher.replies import repository
from services.dispatcher.replies.domain import OutgoingMail
from shared.db import UnitOfWork
from shared.events import CASE_MAILS
from shared.outbound import NewDelivery, deliveries
from shared.telemetry import metrics

CaseMailKind = Literal["reply", "update"]


async def queue_mails(
    uow: UnitOfWork,
    kind: CaseMailKind,
    mails: Sequence[OutgoingMail],
    due_at: Mapping[UUID, datetime] | None = None,
) -> None:
    """Store the mails that are new here, and publish of each that it waits, or why it never leaves.

    :param due_at: when each may leave, by its id; without it: now.
    """
    new = await repository.insert(uow, mails)
    queued = [mail for mail in mails if (mail.tenant, mail.id) in new]
    due = due_at or {}
    await deliveries.add(
        uow,
        [
            NewDelivery(tenant=mail.tenant, about_id=mail.id, kind=kind, due_at=due.get(mail.id, uow.now))
            for mail in queued
            if mail.state == "waiting"
        ],
    )
    for mail in queued:
        uow.publish(CASE_MAILS, mail.tenant, mail.event(uow.now))
        if mail.state == "refused":
            metrics.CASE_MAILS.labels("refused").inc()

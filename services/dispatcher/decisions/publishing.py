"""Decisions are published for the companies that have them told to a webhook, and for no others."""

from collections.abc import Sequence
from datetime import datetime

from services.dispatcher.decisions.repository.decisions import NewDecision
from services.dispatcher.decisions.repository.webhook_copies import find_wanting_tenants
from shared.db import UnitOfWork
from shared.events import DECISIONS, Decision
from shared.events.segments import TOUCHPOINT
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import erase_event


async def publish_decisions(uow: UnitOfWork, decisions: Sequence[NewDecision]) -> None:
    """Publish the new decisions of companies that want them. For the others one statement a batch is all."""
    wanting = await find_wanting_tenants(uow, {each.tenant for each in decisions})
    for each in decisions:
        if each.tenant in wanting:
            uow.publish(DECISIONS, each.tenant, decision_event(each, uow.now))


def decision_event(decision: NewDecision, decided_at: datetime) -> Decision:
    """The event of a decision that was made now; of an erased customer without who it was."""
    transaction, invitation = decision.transaction, decision.invitation
    asked = invitation or transaction
    told = Decision(
        event_id=decision.event_id,
        version=int(decided_at.timestamp() * 1_000_000),
        source=transaction.source,
        source_id=transaction.id,
        event_type=transaction.type,
        occurred_at=transaction.occurred_at,
        decided_at=decided_at,
        outcome="skipped" if invitation is None else "invited",
        reason=decision.reason,
        survey_id=decision.survey_id,
        survey_version=invitation.survey_version if invitation is not None else None,
        invitation_id=decision.invitation_id,
        channel=invitation.channel if invitation is not None else None,
        due_at=invitation.due_at if invitation is not None else None,
        test=invitation is not None and invitation.test,
        customer_id=decision.customer_id or None,
        contact_key=decision.contact_key,
        person=decision.person,
        touchpoint=asked.segments.get(TOUCHPOINT),
        segments=asked.segments,
        organisation=asked.organisation,
    )
    return erase_event(told) if decision.person == NOBODY else told

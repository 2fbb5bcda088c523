"""Invitations as the scorer consumes them, and the answers to them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from support.scorer_builders import ANSWER_NAMESPACE, an_answer

from services.scorer.handlers import keep_invitations
from shared.db.database import Database
from shared.events import INVITATIONS, Answer, Customer, Invitation

ASKED_AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
"""A Monday."""


def an_invitation(name: str, **given: Any) -> Invitation:
    """An invitation that was sent; its id, and that of its answer, come from its name."""
    sent_at = given.get("sent_at", ASKED_AT)
    at = sent_at or ASKED_AT
    facts: dict[str, Any] = {
        "id": uuid5(ANSWER_NAMESPACE, name),
        "version": 1,
        "state": "sent",
        "survey_id": UUID(int=1),
        "survey_version": 1,
        "survey_name": "Delivery",
        "measurement": "transactional",
        "language": "en",
        "test": False,
        "customer": Customer(id=f"c-{name}"),
        "event_id": uuid5(ANSWER_NAMESPACE, f"event {name}"),
        "event_type": "order",
        "occurred_at": at,
        "touchpoint": "checkout",
        "segments": {"touchpoint": "checkout"},
        "organisation": ("north", "sales"),
        "decided_at": at,
        "due_at": at,
        "sent_at": sent_at,
        "expires_at": at + timedelta(days=30),
    }
    return Invitation(**{**facts, **given})


def an_answer_to(invitation: Invitation, name: str, **given: Any) -> Answer:
    """The answer of whoever was invited by this name, a day later."""
    at = (invitation.sent_at or ASKED_AT) + timedelta(days=1)
    facts = {
        "day": at.date(),
        "measurement": invitation.measurement,
        "touchpoint": invitation.touchpoint,
        "segments": invitation.segments,
        "organisation": invitation.organisation,
    }
    return an_answer(name, **{**facts, **given})


async def invite(database: Database, *invitations: Invitation, tenant: str = "acme") -> None:
    """Have the scorer consume these invitations as one batch."""
    async with database.transaction() as uow:
        await keep_invitations(uow, [INVITATIONS.event(tenant, one, uow.now) for one in invitations])

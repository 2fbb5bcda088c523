"""What the dispatcher hears."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from services.dispatcher.decisions import decide_transactions
from services.dispatcher.domain import Sending
from services.dispatcher.repository import decisions, stories
from services.dispatcher.sending import states_of
from shared.db import UnitOfWork
from shared.events import ANSWERS, CASES, TENANTS, TRANSACTIONS, Answer, Case, Event
from shared.events.dedupe import newest
from shared.kafka.kernel import Subscription
from shared.service import Context
from shared.tenancy import keep_tenants
from shared.values.customer_ids import is_placeholder_id


async def keep_answers(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Tell on the event's page what was answered; an import's ``invited_at`` feeds the quarantine."""
    told = [event for event in newest(events, lambda answer: answer.id) if event.data.event_id is not None]
    if told:
        clicked, sent = _first_in("clicked", events), _first_in("sent", events)
        await stories.keep_answers(
            uow,
            {
                "tenant": [event.tenant for event in told],
                "id": [event.data.id for event in told],
                "version": [event.data.version for event in told],
                "event_id": [event.data.event_id for event in told],
                "state": [event.data.state for event in told],
                "score": [event.data.score for event in told],
                "test": [event.data.test for event in told],
                "clicked_at": [clicked.get((event.tenant, event.data.id)) for event in told],
                "saved_at": [event.data.answered_at for event in told],
                "sent_at": [sent.get((event.tenant, event.data.id)) for event in told],
            },
        )
    await _keep_asked_elsewhere(uow, events)


async def _keep_asked_elsewhere(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    asked: dict[tuple[str, str], datetime] = {}
    for event in events:
        answer = event.data
        if answer.origin == "import" and answer.customer_id is not None and answer.invited_at is not None:
            customer = event.tenant, answer.customer_id
            asked[customer] = max(asked.get(customer, answer.invited_at), answer.invited_at)
    if asked:
        sending = await states_of(uow, sorted({tenant for tenant, _ in asked}))
        known = [
            (tenant, customer_id, at)
            for (tenant, customer_id), at in asked.items()
            if not is_placeholder_id(customer_id, sending.get(tenant, Sending()).placeholder_ids)
        ]
        await decisions.note_asked_elsewhere(uow, known)


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Tell on the event's page that a case was opened, and closed."""
    told = [event for event in newest(events, lambda case: case.id) if event.data.event_id is not None]
    if told:
        await stories.keep_cases(
            uow,
            {
                "tenant": [event.tenant for event in told],
                **{
                    column: [getattr(event.data, column) for event in told]
                    for column in (
                        *("id", "version", "event_id", "number", "state", "owner", "cause", "outcome"),
                        *("opened_at", "closed_at"),
                    )
                },
            },
        )


def _first_in(state: str, events: Sequence[Event[Answer]]) -> dict[tuple[str, UUID], datetime]:
    """When each answer first was in a state, over all its versions in the batch."""
    found: dict[tuple[str, UUID], datetime] = {}
    for event in events:
        answer, identity = event.data, (event.tenant, event.data.id)
        if answer.state == state:
            found[identity] = min(found.get(identity, answer.changed_at), answer.changed_at)
    return found


def subscriptions(context: Context) -> Sequence[Subscription[Any]]:
    """The handler of each topic that the dispatcher consumes."""
    return (
        Subscription(TENANTS, keep_tenants),
        Subscription(TRANSACTIONS, partial(decide_transactions, context), prompt=True),
        Subscription(ANSWERS, keep_answers),
        Subscription(CASES, keep_cases),
    )

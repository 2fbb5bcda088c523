"""The topics that the dispatcher consumes, and the handler of each."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from services.dispatcher.audit.handlers import keep_audit
from services.dispatcher.decisions.handlers import decide_transactions
from services.dispatcher.decisions.policy import current_contact_policy
from services.dispatcher.decisions.repository.known_customers import keep_imported
from services.dispatcher.decisions.repository.webhook_copies import keep_webhooks
from services.dispatcher.erasures.handlers import keep_confirmations
from services.dispatcher.replies.handlers import take_replies
from services.dispatcher.story.handlers import keep_answers, keep_cases
from services.dispatcher.updates.handlers import keep_improvements
from shared.db import UnitOfWork
from shared.events import (
    ANSWERS,
    AUDIT,
    CASES,
    ERASURES,
    IMPROVEMENTS,
    REPLIES,
    TENANTS,
    TRANSACTIONS,
    WEBHOOKS,
    Answer,
    Event,
)
from shared.kafka.kernel import Subscription
from shared.service import Context
from shared.tenancy import keep_tenants


async def handle_answers(context: Context, uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Keep the answers for the pages of their events, and whom an import is about."""
    await keep_answers(uow, events)
    await keep_imported(context.secret, uow, events)


def subscriptions(context: Context) -> Sequence[Subscription[Any]]:
    """The handler of each topic that the dispatcher consumes."""
    return (
        Subscription(TENANTS, keep_tenants),
        Subscription(
            TRANSACTIONS, partial(decide_transactions, context, current_contact_policy()), prompt=True
        ),
        Subscription(ANSWERS, partial(handle_answers, context)),
        Subscription(CASES, keep_cases),
        Subscription(ERASURES, keep_confirmations),
        Subscription(AUDIT, keep_audit),
        Subscription(WEBHOOKS, keep_webhooks),
        Subscription(REPLIES, partial(take_replies, context.secret), prompt=True),
        Subscription(IMPROVEMENTS, keep_improvements),
    )

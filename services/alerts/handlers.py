"""Which handler consumes which topic."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from services.alerts.cases.domain.policy import current_policy
from services.alerts.cases.handlers import act_on_answers, act_on_invitations
from services.alerts.cases.mail_handlers import act_on_case_mails
from services.alerts.introductions.handlers import follow_answers, follow_invitations
from services.alerts.notices.queueing import move_digests
from services.alerts.replicas.handlers import keep_surveys
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.segment_alerts.handlers import act_on_falls
from services.alerts.view_mails.handlers import forget_stopped
from services.alerts.webhooks.queueing import (
    keep_erasure_requests,
    queue_answers,
    queue_decisions,
    queue_erasures,
    queue_scores,
)
from services.alerts.weekly.repository import keep_scores
from services.alerts.weekly.schedule import move_letters
from shared.db.database import UnitOfWork
from shared.events import (
    ANSWERS,
    AUDIT,
    CASE_MAILS,
    CUSTOMERS,
    DECISIONS,
    ERASURES,
    FALLS,
    INVITATIONS,
    RETENTION,
    SCORES,
    SENDING,
    SURVEYS,
    TENANTS,
    Event,
)
from shared.kafka.kernel import Handler, Subscription
from shared.privacy.erased import keep_erased
from shared.service import Context
from shared.tenancy.retention import keep_retention
from shared.tenancy.sending import keep_sending
from shared.tenancy.tenants import keep_tenants


def subscriptions(context: Context) -> Sequence[Subscription[Any]]:  # noqa: ARG001  (one signature for all services)
    """The handler of each topic that alerts consumes."""
    policy, setups = current_policy(), CompanySetups()
    return (
        Subscription(CUSTOMERS, together(keep_erased, keep_erasure_requests)),
        Subscription(TENANTS, together(keep_tenants, move_letters, move_digests)),
        # Prompt: an open case is waited for, while the customer is still writing.
        Subscription(
            ANSWERS,
            together(partial(act_on_answers, policy, setups), queue_answers, partial(follow_answers, policy)),
            prompt=True,
        ),
        Subscription(
            INVITATIONS,
            together(partial(act_on_invitations, policy, setups), partial(follow_invitations, policy)),
        ),
        Subscription(SURVEYS, keep_surveys),
        Subscription(SENDING, keep_sending),
        Subscription(RETENTION, keep_retention),
        Subscription(SCORES, together(keep_scores, queue_scores)),
        Subscription(ERASURES, queue_erasures),
        Subscription(DECISIONS, queue_decisions),
        Subscription(FALLS, act_on_falls),
        Subscription(CASE_MAILS, partial(act_on_case_mails, policy, setups), prompt=True),
        Subscription(AUDIT, forget_stopped),
    )


def together(*handlers: Handler[Any]) -> Handler[Any]:
    """A handler that calls each of these with the batch, in this order, in the one transaction."""

    async def handle(uow: UnitOfWork, events: Sequence[Event[Any]]) -> None:
        for handler in handlers:
            await handler(uow, events)

    return handle

"""The topics that the dispatcher consumes, and the handler of each."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from services.dispatcher.decisions.handlers import decide_transactions
from services.dispatcher.decisions.policy import current_contact_policy
from services.dispatcher.story.handlers import keep_answers, keep_cases
from shared.events import ANSWERS, CASES, TENANTS, TRANSACTIONS
from shared.kafka.kernel import Subscription
from shared.service import Context
from shared.tenancy import keep_tenants


def subscriptions(context: Context) -> Sequence[Subscription[Any]]:
    """The handler of each topic that the dispatcher consumes."""
    return (
        Subscription(TENANTS, keep_tenants),
        Subscription(
            TRANSACTIONS, partial(decide_transactions, context, current_contact_policy()), prompt=True
        ),
        Subscription(ANSWERS, keep_answers),
        Subscription(CASES, keep_cases),
    )

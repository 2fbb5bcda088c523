"""Before a handler gets events: those of erased customers lose what is personal in them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from msgspec.structs import replace as replace_fields

from shared.db.database import UnitOfWork
from shared.events import (
    ANSWERS,
    CASE_MAILS,
    CASES,
    DECISIONS,
    INVITATIONS,
    REPLIES,
    TRANSACTIONS,
    Event,
)
from shared.kafka.kernel import Subscription
from shared.privacy.erased import find_erased
from shared.privacy.subjects import erase_event, subject_of

PERSONAL = frozenset(
    {
        *(TRANSACTIONS.name, INVITATIONS.name, ANSWERS.name, CASES.name, DECISIONS.name),
        *(REPLIES.name, CASE_MAILS.name),
    }
)
"""The topics whose events are about customers."""


def stripping(secret: str, subscription: Subscription[Any]) -> Subscription[Any]:
    """The subscription, whose handler gets the events of erased customers without what is personal."""
    if subscription.topic.name not in PERSONAL:
        return subscription

    async def handle(uow: UnitOfWork, events: Sequence[Event[Any]]) -> None:
        subjects = [subject_of(secret, event) for event in events]
        erased = await find_erased(uow, (subject for subject in subjects if subject is not None))
        await subscription.handle(
            uow,
            [
                replace_fields(event, data=erase_event(event.data)) if subject in erased else event
                for event, subject in zip(events, subjects, strict=True)
            ],
        )

    return replace(subscription, handle=handle)

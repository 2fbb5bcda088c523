"""The handlers of the topics that the collector consumes: replicas of all that makes a link an answer."""

from collections.abc import Sequence
from typing import Any

from services.collector.repository import erasing, replicas
from shared.db.database import UnitOfWork
from shared.events import (
    CASES,
    CUSTOMERS,
    INVITATIONS,
    RETENTION,
    SURVEYS,
    TENANTS,
    Case,
    Event,
    Invitation,
    Survey,
)
from shared.events.dedupe import newest
from shared.kafka.kernel import Subscription
from shared.privacy.erased import keep_erased
from shared.service import Context
from shared.tenancy.retention import keep_retention
from shared.tenancy.tenants import keep_tenants


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep the texts of each version of a survey."""
    await replicas.keep_surveys(uow, newest(events, lambda survey: (survey.id, survey.survey_version)))


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Keep what the answer of each invitation will repeat; of an erased customer no visits either.

    The dispatcher's erased version may come before this service erases, which then finds nobody in it.
    """
    latest = newest(events, lambda invitation: invitation.id)
    await replicas.keep_invitations(uow, latest)
    if erased := [(event.tenant, event.data.id) for event in latest if event.data.erased]:
        await erasing.delete_visits(uow, erased)


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Keep how far each case is, for the customer's receipt."""
    await replicas.keep_cases(uow, newest(events, lambda case: case.id))


def subscriptions(context: Context) -> Sequence[Subscription[Any]]:  # noqa: ARG001  (one signature for all services)
    """The handler of each topic that the collector consumes."""
    return (
        Subscription(CUSTOMERS, keep_erased),
        Subscription(TENANTS, keep_tenants),
        Subscription(SURVEYS, keep_surveys),
        Subscription(INVITATIONS, keep_invitations, prompt=True),
        Subscription(CASES, keep_cases),
        Subscription(RETENTION, keep_retention),
    )

"""Messages are queued in the transaction of what they tell: once for each version and webhook.

Each function asks first which companies want to hear of it, by one statement; for the others that is all.
What happened longer ago than topics keep their records is not queued: it may have been, and be forgotten.
"""

from collections.abc import Iterable, Mapping, Sequence

from services.alerts.webhooks.contents import (
    Content,
    answer_content,
    case_content,
    decision_content,
    erasure_content,
    score_content,
)
from services.alerts.webhooks.repository import deliveries, erasures
from services.alerts.webhooks.repository.deliveries import QueuedMessage
from services.alerts.webhooks.repository.webhooks import Listener, listeners
from shared.db.database import UnitOfWork
from shared.events import Answer, Case, CustomerErased, Decision, ErasureConfirmed, Event, Score, may_see
from shared.events.dedupe import newest
from shared.limits import TOPIC_RETENTION
from shared.privacy.erased import CONFIRMING_SERVICES


async def queue_answers(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Handle ``answers`` events: each version of an answer is told."""
    wanting = await listeners(uow, "answer.changed", {event.tenant for event in events})
    contents = (answer_content(each.tenant, each.data) for each in events if each.tenant in wanting)
    await _queue(uow, wanting, [each for each in contents if each is not None])


async def queue_cases(uow: UnitOfWork, changed: Sequence[tuple[str, Case]]) -> None:
    """Tell of cases as they are published; with their company."""
    wanting = await listeners(uow, "case.changed", {tenant for tenant, _ in changed})
    await _queue(
        uow, wanting, [case_content(tenant, case, uow.now) for tenant, case in changed if tenant in wanting]
    )


async def queue_scores(uow: UnitOfWork, events: Sequence[Event[Score]]) -> None:
    """Handle ``scores`` events: the newest score of each segment in the batch is told."""
    wanting = await listeners(uow, "score.changed", {event.tenant for event in events})
    if not wanting:
        return
    latest = newest(events, lambda score: f"{score.measurement}/{score.segment}")
    await _queue(
        uow, wanting, [score_content(each.tenant, each.data) for each in latest if each.tenant in wanting]
    )


async def queue_decisions(uow: UnitOfWork, events: Sequence[Event[Decision]]) -> None:
    """Handle ``decisions`` events: each is told once."""
    wanting = await listeners(uow, "decision.made", {event.tenant for event in events})
    await _queue(
        uow,
        wanting,
        [decision_content(each.tenant, each.data) for each in events if each.tenant in wanting],
    )


async def keep_erasure_requests(uow: UnitOfWork, events: Sequence[Event[CustomerErased]]) -> None:
    """Handle ``customers`` events, too: under which request a customer is erased."""
    recent = [event for event in events if event.data.erased_at >= uow.now - TOPIC_RETENTION]
    wanting = await listeners(uow, "erasure.done", {event.tenant for event in recent})
    heard = [each for each in newest(recent, lambda customer: customer.id) if each.tenant in wanting]
    if heard:
        await erasures.keep_requests(uow, heard)


async def queue_erasures(uow: UnitOfWork, events: Sequence[Event[ErasureConfirmed]]) -> None:
    """Handle ``erasures`` events: an erasure is told once every service has confirmed it."""
    recent = [event for event in events if event.data.confirmed_at >= uow.now - TOPIC_RETENTION]
    wanting = await listeners(uow, "erasure.done", {event.tenant for event in recent})
    confirmed = [event for event in recent if event.tenant in wanting]
    if not confirmed:
        return
    done = [
        erasure_content(each.tenant, each.target, each.erasure_id, CONFIRMING_SERVICES, uow.now)
        for each in await erasures.keep_confirmations(uow, confirmed)
        if set(CONFIRMING_SERVICES) <= set(each.confirmed)
    ]
    await _queue(uow, wanting, done)


async def _queue(
    uow: UnitOfWork, wanting: Mapping[str, Sequence[Listener]], contents: Sequence[Content]
) -> None:
    messages = list(_messages(uow, wanting, contents))
    if messages:
        await deliveries.queue(uow, messages)


def _messages(
    uow: UnitOfWork, wanting: Mapping[str, Sequence[Listener]], contents: Sequence[Content]
) -> Iterable[QueuedMessage]:
    oldest = uow.now - TOPIC_RETENTION
    for content in contents:
        told = [
            each
            for each in wanting[content.tenant]
            if content.at >= max(oldest, each.since)
            and (content.segments is None or may_see(each.segments, content.segments))
        ]
        if told:
            body = content.body()
            for each in told:
                yield QueuedMessage(
                    content.tenant,
                    each.webhook_id,
                    content.message_id,
                    content.type,
                    content.about,
                    content.person,
                    content.contact,
                    body,
                    content.follows,
                )

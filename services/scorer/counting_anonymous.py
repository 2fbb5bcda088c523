"""Anonymous answers wait, and are counted in bundles: ``anonymity.py`` says why."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC

import msgspec

from services.scorer.anonymity import MAX_WAIT, TOUCHPOINT, AnswerBundle, bundles_of
from services.scorer.counted_scores import score_that_counts
from services.scorer.repository import waiting
from services.scorer.repository.counting import CountedAnswer
from shared.db.database import Database, UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import ANSWERS, Answer, Event
from shared.events.dedupe import newest
from shared.events.segments import dimension_of
from shared.health import Health
from shared.runtime import Loop, Periodic

LOOP_NAME = "anonymous answers"
COUNT_INTERVAL_S = 15.0
MAX_ANSWERS_PER_TRANSACTION = 10_000

Count = Callable[[UnitOfWork, Sequence[CountedAnswer]], Awaitable[None]]


async def keep_anonymous(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Let the answers wait that are not counted yet. What never counts is not even kept."""
    countable = [
        event
        for event in newest(events, lambda answer: answer.id)
        if score_that_counts(event.data) is not None
    ]
    if not countable:
        return
    await waiting.lock(uow)
    counted = await waiting.keep_counted(uow, countable)
    uncounted = [event for event in countable if (event.tenant, event.data.id) not in counted]
    if uncounted:
        await waiting.keep_waiting(uow, uncounted)


@dataclass(frozen=True)
class AnonymousCounter:
    """The loop that counts bundles of anonymous answers; of several workers one at a time does."""

    database: Database
    health: Health
    count: Count
    """Counts answers as any others are counted."""

    @property
    def loop(self) -> Loop:
        """The loop of a worker."""
        return Periodic(LOOP_NAME, self.step, COUNT_INTERVAL_S, self.health).run

    async def step(self) -> float | None:
        """Count the bundles that are complete."""
        async with self.database.transaction() as uow:
            if not await waiting.try_lock(uow):
                return None
            # The day that has ended everywhere on earth: an answer waits some hours longer, never less.
            today = uow.now.astimezone(UTC).date()
            ready = await waiting.find_ready(uow, today - MAX_WAIT, MAX_ANSWERS_PER_TRANSACTION)
            bundles = bundles_of(ready, today)
            if bundles:
                await self._count(uow, bundles)
        return 0 if bundles and len(ready) == MAX_ANSWERS_PER_TRANSACTION else None

    async def _count(self, uow: UnitOfWork, bundles: Sequence[AnswerBundle]) -> None:
        identities = [(bundle.tenant, answer) for bundle in bundles for answer in bundle.answers]
        answers = await waiting.take(uow, identities)
        counted = [
            _counted(bundle, answer, members)
            for bundle in bundles
            for members in [[answers[bundle.tenant, each] for each in bundle.answers]]
            for answer in members
        ]
        await self.count(uow, counted)
        notify_changes(uow, [bundle.tenant for bundle in bundles])


def _counted(bundle: AnswerBundle, answer: Answer, members: Sequence[Answer]) -> CountedAnswer:
    """An answer as one of its bundle: nothing but what was said tells it from the others."""
    alike = msgspec.structs.replace(
        answer,
        day=bundle.day,
        touchpoint=answer.touchpoint if TOUCHPOINT in map(dimension_of, bundle.segments) else None,
        answered_at=max((each.answered_at for each in members if each.answered_at), default=None),
        changed_at=max(each.changed_at for each in members),
    )
    event = ANSWERS.event(bundle.tenant, alike, alike.changed_at)
    return CountedAnswer(event, alike.score, bundle.segments)

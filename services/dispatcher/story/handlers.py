"""Answers and cases are kept for their events' pages and for reminders, imported ones for the quarantine."""

from collections.abc import Sequence

from services.dispatcher.decisions.quarantine import keep_asked_elsewhere
from services.dispatcher.repository.reminders import drop_answered
from services.dispatcher.story import repository
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import Answer, Case, Event
from shared.events.dedupe import newest


async def keep_answers(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Keep the answers to events; when an import was asked counts for the quarantine."""
    answers = [event for event in newest(events, lambda answer: answer.id) if event.data.event_id is not None]
    if answers:
        await repository.keep_answers(uow, answers, versions=events)
        if answered := [(event.tenant, event.data.id) for event in answers if event.data.score is not None]:
            await drop_answered(uow, answered)
        notify_changes(uow, [event.tenant for event in answers])
    await keep_asked_elsewhere(uow, events)


async def keep_cases(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Keep the cases, also those whose event is not known (any more): by them a customer stays known."""
    await repository.keep_cases(uow, newest(events, lambda case: case.id))
    notify_changes(uow, [event.tenant for event in events])

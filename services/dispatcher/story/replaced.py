"""Mails in whose place a relational one leaves, on the pages of both events."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.repository import replaced as rows
from services.dispatcher.story.countering import other_event
from services.dispatcher.story.steps import StoryStep
from shared.db import UnitOfWork
from shared.http.staff_auth import Staff
from shared.pages.language import spoken
from shared.values.messages import message

REPLACED_BY = message("The mail about the whole relation leaves in its place.")
REPLACES = message("It leaves in place of a mail about a single event.")


async def find_replaced(uow: UnitOfWork, tenant: str, event_id: UUID, reader: Staff) -> list[StoryStep]:
    """In whose place the mail about an event leaves, or which relational one leaves in its place, as its
    reader may see it.
    """
    return list(replaced_steps(await rows.list_replaced(uow, tenant, event_id), event_id, reader))


def replaced_steps(found: Sequence[Row[Any]], event_id: UUID, reader: Staff) -> Iterator[StoryStep]:
    """One step for each mail that was not sent; ``event_id``: whose page it is."""
    for row in found:
        replaced = row.event_id == event_id
        other_id = row.relational_event_id if replaced else row.event_id
        other = other_event(row, other_id, None, reader)
        yield StoryStep("countered", row.at, spoken(REPLACED_BY if replaced else REPLACES), other)

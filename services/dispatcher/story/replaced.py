"""Mails that gave way to another one, on the pages of both events."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.giving_way import OUTRANKED
from services.dispatcher.decisions.relational import RELATIONAL_FIRST
from services.dispatcher.decisions.repository import replaced as rows
from services.dispatcher.story.countering import other_event
from services.dispatcher.story.steps import StoryStep
from shared.db import UnitOfWork
from shared.http.staff_auth import Staff
from shared.pages.language import spoken
from shared.values.messages import Message, message

GAVE_WAY: dict[str, Message] = {
    RELATIONAL_FIRST: message("The mail about the whole relation leaves in its place."),
    OUTRANKED: message("The mail about a more valuable event leaves in its place."),
}
STANDS: dict[str, Message] = {
    RELATIONAL_FIRST: message("It leaves in place of a mail about a single event."),
    OUTRANKED: message("It leaves in place of a mail about a less valuable event."),
}


async def find_replaced(uow: UnitOfWork, tenant: str, event_id: UUID, reader: Staff) -> list[StoryStep]:
    """In whose place the mail about an event leaves, or which one leaves in its place, as its reader may see
    it.
    """
    return list(replaced_steps(await rows.list_replaced(uow, tenant, event_id), event_id, reader))


def replaced_steps(found: Sequence[Row[Any]], event_id: UUID, reader: Staff) -> Iterator[StoryStep]:
    """One step for each mail that was not sent; ``event_id``: whose page it is."""
    for row in found:
        replaced = row.event_id == event_id
        other = other_event(row, row.by_event_id if replaced else row.event_id, None, reader)
        yield StoryStep("countered", row.at, spoken((GAVE_WAY if replaced else STANDS)[row.reason]), other)

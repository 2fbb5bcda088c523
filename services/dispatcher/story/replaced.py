"""Mails in whose place a relational one leaves, on the pages of both events."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.explanation import decode_facts
from services.dispatcher.decisions.repository import replaced as rows
from services.dispatcher.story.countering import OtherEvent
from services.dispatcher.story.steps import StoryStep
from shared.db import UnitOfWork
from shared.events import may_see
from shared.pages.language import spoken
from shared.values.messages import message

REPLACED_BY = message("The mail about the whole relation leaves in its place.")
REPLACES = message("It leaves in place of a mail about a single event.")


async def find_replaced(
    uow: UnitOfWork, tenant: str, event_id: UUID, allowed: Sequence[str]
) -> list[StoryStep]:
    """In whose place the mail about an event leaves, or which relational one leaves in its place.

    :param allowed: the segments that the reader sees; none: all.
    """
    return list(replaced_steps(await rows.list_replaced(uow, tenant, event_id), event_id, allowed))


def replaced_steps(found: Sequence[Row[Any]], event_id: UUID, allowed: Sequence[str]) -> Iterator[StoryStep]:
    """One step for each mail that was not sent; ``event_id``: whose page it is."""
    for row in found:
        shown = row.facts is not None and may_see(allowed, row.segments)
        replaced = row.event_id == event_id
        other = OtherEvent(
            row.relational_event_id if replaced else row.event_id,
            row.source_id if shown else "",
            decode_facts(row.facts).type if shown else "",
            None,
        )
        yield StoryStep("countered", row.at, spoken(REPLACED_BY if replaced else REPLACES), other)

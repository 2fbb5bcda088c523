"""Messages to chat channels are queued in the transaction of what they tell: once for each channel.

Each function asks first which channels are told of the topic, by one statement; without one that is all.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.alerts.chats.domain import ChatTopic
from services.alerts.chats.repository import messages
from services.alerts.chats.repository.channels import listeners
from services.alerts.chats.repository.messages import QueuedChat
from shared.db.database import UnitOfWork
from shared.events import may_see
from shared.ids import derived


class ChatItem(NamedTuple):
    """Something to be told in channels."""

    tenant: str
    kind: str
    parts: tuple[str, ...]
    """What makes it one thing: the same is queued once for each channel."""
    about: dict[str, str]
    """What its words are made of when it leaves."""
    belongs: Sequence[str] | None = None
    """Its segments; None: it concerns channels of all segments."""
    team_id: UUID | None = None
    """The team that it is about. A channel of one team is told only of what is about that team..."""
    for_all_teams: bool = False
    """...or about the segments of all."""
    instead: "ChatItem | None" = None
    """A channel that has been told this is not told the other."""

    def id_in(self, channel_id: UUID) -> UUID:
        """Of its message in a channel."""
        return derived("chat", self.tenant, str(channel_id), self.kind, *self.parts)


async def queue_chats(uow: UnitOfWork, topic: ChatTopic, items: Sequence[ChatItem]) -> None:
    """Queue items of one topic for the channels that want it, in this order."""
    found = await listeners(uow, topic, {each.tenant for each in items})
    await messages.queue(
        uow,
        [
            QueuedChat(
                each.tenant,
                channel.channel_id,
                each.id_in(channel.channel_id),
                each.kind,
                each.about,
                each.instead.id_in(channel.channel_id) if each.instead else None,
            )
            for each in items
            for channel in found.get(each.tenant, ())
            if (each.belongs is None or may_see(channel.segments, each.belongs))
            and (each.for_all_teams or channel.team_id in {None, each.team_id})
        ],
    )


def case_item(
    tenant: str,
    case: UUID,
    answer: UUID,
    belongs: Sequence[str],
    team: UUID | None,
    instead: ChatItem | None = None,
) -> ChatItem:
    """An answer of a case, which is complete."""
    about = {"case": str(case), "answer": str(answer)}
    return ChatItem(tenant, "case", (str(answer),), about, belongs, team, instead=instead)


def deadline_item(
    tenant: str, case: UUID, kind: str, at: datetime, belongs: Sequence[str], team: UUID | None
) -> ChatItem:
    """A deadline of a case, which was missed then."""
    return ChatItem(tenant, kind, (str(case), at.isoformat()), {"case": str(case)}, belongs, team)

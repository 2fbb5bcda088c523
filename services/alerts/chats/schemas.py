"""Bodies and answers of ``/v1/chats``."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.alerts.chats.chat_commands import ChatWanted
from services.alerts.chats.domain import (
    CHAT_TOPICS,
    ChatChannel,
    ChatFault,
    ChatKind,
    ChatMessageState,
    ChatOffReason,
    ChatState,
    ChatTopic,
)
from services.alerts.chats.repository.channels import ChannelCounts
from services.alerts.chats.repository.messages import ChatLine
from services.alerts.webhooks.endpoints import MAX_URL_LENGTH
from services.alerts.webhooks.schemas import Segments
from shared.http.request_body import GivenName

ChatAddress = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_URL_LENGTH,
        description="The incoming webhook of Slack, or of a workflow of Teams that begins with “When a Teams "
        "webhook request is received”. Whoever has it may post there: it is never shown again.",
        examples=["https://hooks.slack.com/services/T0000/B0000/own"],
    ),
]
Topics = Annotated[
    list[ChatTopic],
    Field(min_length=1, max_length=len(CHAT_TOPICS), description="What it is told."),
    AfterValidator(lambda given: [topic for topic in CHAT_TOPICS if topic in given]),
]
Language = Annotated[
    str, Field(max_length=10, description="Of its messages; empty: the first of the company's languages.")
]
TEAM_WORDS = "Only cases of this team are told; null: of all."


class _ChatBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChatBody(_ChatBody):
    """A new channel."""

    name: GivenName
    kind: ChatKind
    address: ChatAddress
    topics: Topics
    segments: Segments = []
    team_id: UUID | None = Field(default=None, description=TEAM_WORDS)
    language: Language = ""
    state: ChatState = "on"

    def wanted(self) -> ChatWanted:
        """What it is to be."""
        return ChatWanted(**{name: getattr(self, name) for name in type(self).model_fields})


class ChatChange(_ChatBody):
    """What is to change; what is left out stays."""

    name: GivenName | None = None
    kind: ChatKind | None = Field(default=None, description="Another one needs another address.")
    address: ChatAddress | None = None
    topics: Topics | None = None
    segments: Segments | None = None
    team_id: UUID | None = Field(default=None, description=TEAM_WORDS)
    language: Language | None = None
    state: ChatState | None = Field(
        default=None, description="`off`: nothing is kept for it. `on`: also where we switched it off."
    )

    def wanted(self) -> ChatWanted:
        """What it is to be."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return ChatWanted(**given, any_team="team_id" in self.model_fields_set and self.team_id is None)


class ChatOut(BaseModel):
    """A channel, without its address."""

    id: UUID
    name: str
    kind: ChatKind
    address: str = Field(description="The host and the last characters.")
    topics: list[ChatTopic]
    segments: list[str]
    team_id: UUID | None
    language: str
    state: ChatState
    off_reason: ChatOffReason | None = Field(
        description="`person`: a colleague switched it off; `gone`: its provider answered 401, 403, 404 or "
        "410; `failing`: five days of nothing but failures."
    )
    failing_since: datetime | None
    waiting: int = Field(description="Messages that wait, among the newest 1,000.")
    last_sent_at: datetime | None
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, channel: ChatChannel, counts: ChannelCounts) -> Self:
        """As it stands."""
        return cls(
            id=channel.id,
            name=channel.name,
            kind=channel.kind,
            address=channel.shown,
            topics=list(channel.topics),
            segments=list(channel.segments),
            team_id=channel.team_id,
            language=channel.language,
            state=channel.state,
            off_reason=channel.off_reason,
            failing_since=channel.failing_since,
            waiting=counts.waiting,
            last_sent_at=counts.last_sent_at,
            created_at=channel.created_at,
            changed_at=channel.changed_at,
        )


class ChatList(BaseModel):
    """The company's channels, by name."""

    chats: list[ChatOut]


class ChatTestOut(BaseModel):
    """A test message that is on its way."""

    message_id: UUID


class ChatMessageOut(BaseModel):
    """A message, and what became of it."""

    id: UUID
    kind: str
    state: ChatMessageState = Field(
        description="`dropped`: its reason was gone when it was to leave. "
        "`expired`: it still had one, and could not leave for a day. "
        "`unknown`: it may have been posted, and is not sent again."
    )
    attempts: int
    created_at: datetime
    settled_at: datetime | None
    status: int | None = Field(description="What the provider answered to the last try.")
    fault: ChatFault | None

    @classmethod
    def of(cls, found: ChatLine) -> Self:
        """As it stands."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class ChatMessageList(BaseModel):
    """A part of the list of messages, the newest first."""

    messages: list[ChatMessageOut]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")

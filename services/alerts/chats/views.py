"""The pages of chat channels: what each template sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NamedTuple
from uuid import UUID

from services.alerts.chats.domain import CHAT_KINDS, CHAT_TOPICS, ChatChannel
from services.alerts.chats.labels import (
    DELETED_TEAM,
    FAULT_LABELS,
    KIND_LABELS,
    MESSAGE_LABELS,
    OFF_LABELS,
    SHORT_TOPIC_LABELS,
    STATE_LABELS,
    TOPIC_LABELS,
)
from services.alerts.chats.repository.channels import ChannelCounts
from services.alerts.chats.repository.messages import ChatLine
from shared.pages.language import spoken
from shared.pages.page import Page

Options = Sequence[tuple[str, str]]


class ChannelLine(NamedTuple):
    """A channel with how its messages stand."""

    channel: ChatChannel
    counts: ChannelCounts
    kind: str
    topics: str
    team: str
    off: str
    """Why it is off."""

    @classmethod
    def of(cls, channel: ChatChannel, counts: ChannelCounts, teams: Mapping[UUID, str]) -> "ChannelLine":
        return cls(
            channel,
            counts,
            spoken(KIND_LABELS[channel.kind]),
            ", ".join(spoken(SHORT_TOPIC_LABELS[topic]) for topic in channel.topics),
            spoken(teams.get(channel.team_id, DELETED_TEAM)) if channel.team_id else "",
            spoken(OFF_LABELS[channel.off_reason]) if channel.off_reason else "",
        )


class PostedLine(NamedTuple):
    """A message in words."""

    kind: str
    state: str
    code: str
    created_at: datetime
    tries: int
    fault: str
    status: int | None

    @classmethod
    def of(cls, found: ChatLine) -> "PostedLine":
        return cls(
            spoken(MESSAGE_LABELS[found.kind]) if found.kind in MESSAGE_LABELS else found.kind,
            spoken(STATE_LABELS[found.state]),
            found.state,
            found.created_at,
            found.attempts,
            spoken(FAULT_LABELS[found.fault]) if found.fault else "",
            found.status,
        )


def kind_options() -> Options:
    """Where a channel may be."""
    return [(kind, spoken(KIND_LABELS[kind])) for kind in CHAT_KINDS]


def topic_options() -> Options:
    """What a channel may be told."""
    return [(topic, spoken(TOPIC_LABELS[topic])) for topic in CHAT_TOPICS]


@dataclass(frozen=True, kw_only=True)
class ChannelChoices:
    """What the form of a channel offers."""

    teams: Options
    languages: Options
    kinds: Options = field(default_factory=kind_options)
    topics: Options = field(default_factory=topic_options)


@dataclass(frozen=True, kw_only=True)
class ChatsPage(Page):
    """All channels of a company, and the form of another one."""

    template: ClassVar[str] = "chats.html"
    lines: Sequence[ChannelLine]
    new_id: str
    choices: ChannelChoices
    form: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    done: str = ""


@dataclass(frozen=True, kw_only=True)
class ChatPage(Page):
    """One channel: how it stands, its messages, and the forms that change it."""

    template: ClassVar[str] = "chat.html"
    line: ChannelLine
    posted: Sequence[PostedLine]
    older: str
    """The number of the last message, where older ones follow."""
    choices: ChannelChoices
    form: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    done: str = ""

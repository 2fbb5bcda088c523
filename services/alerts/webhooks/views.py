"""The pages of webhooks: what each template sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NamedTuple

from services.alerts.webhooks.domain import MESSAGE_STATES, MESSAGE_TYPES, WebhookEndpoint
from services.alerts.webhooks.labels import FAULT_LABELS, SHORT_TYPE_LABELS, STATE_LABELS, TYPE_LABELS
from services.alerts.webhooks.repository.deliveries import WebhookDelivery
from services.alerts.webhooks.repository.webhooks import MOST_COUNTED, WebhookCounts
from shared.pages.language import spoken
from shared.pages.page import Page


class WebhookLine(NamedTuple):
    """A webhook with how its messages stand."""

    webhook: WebhookEndpoint
    counts: WebhookCounts
    types: str

    @classmethod
    def of(cls, webhook: WebhookEndpoint, counts: WebhookCounts) -> "WebhookLine":
        types = ", ".join(spoken(SHORT_TYPE_LABELS[kind]) for kind in webhook.types)
        return cls(webhook, counts, types)

    @property
    def is_cut(self) -> bool:
        """Whether more wait than are counted."""
        return self.counts.waiting >= MOST_COUNTED


class MessageLine(NamedTuple):
    """A message in words."""

    id: str
    type: str
    state: str
    code: str
    created_at: datetime
    tries: int
    answer: str
    """The status of the last answer, or why there was none."""
    excerpt: str
    duration_ms: int | None
    next_at: datetime | None
    can_be_replayed: bool

    @classmethod
    def of(cls, found: WebhookDelivery) -> "MessageLine":
        answer = str(found.status or "")
        if not answer:
            answer = next((spoken(words) for code, words in FAULT_LABELS.items() if code == found.fault), "")
        return cls(
            found.message_id,
            spoken(SHORT_TYPE_LABELS[found.type]) if found.type in SHORT_TYPE_LABELS else found.type,
            spoken(STATE_LABELS[found.state]),
            found.state,
            found.created_at,
            found.attempts,
            answer,
            found.excerpt or "",
            found.duration_ms,
            found.next_at if found.state == "waiting" and found.attempts else None,
            found.can_be_replayed,
        )


def type_options() -> list[tuple[str, str]]:
    """What a webhook can be told, for a choice."""
    return [(kind, spoken(TYPE_LABELS[kind])) for kind in MESSAGE_TYPES]


def state_options() -> list[tuple[str, str]]:
    """The states of messages, for a choice."""
    return [(state, spoken(STATE_LABELS[state])) for state in MESSAGE_STATES]


@dataclass(frozen=True, kw_only=True)
class WebhooksPage(Page):
    """All webhooks of a company, and the form of another one."""

    template: ClassVar[str] = "webhooks.html"
    webhooks: Sequence[WebhookLine]
    new_id: str
    form: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    types: Sequence[tuple[str, str]] = field(default_factory=type_options)
    done: str = ""


@dataclass(frozen=True, kw_only=True)
class WebhookPage(Page):
    """One webhook: how it stands, its messages, and the forms that change it."""

    template: ClassVar[str] = "webhook.html"
    line: WebhookLine
    messages: Sequence[MessageLine]
    state: str
    """Only messages in this state are shown; empty: all."""
    older: str
    """The number of the last message, where older ones follow."""
    secret: str
    """The new secret, shown this once."""
    form: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    types: Sequence[tuple[str, str]] = field(default_factory=type_options)
    states: Sequence[tuple[str, str]] = field(default_factory=state_options)
    done: str = ""

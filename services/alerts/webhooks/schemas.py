"""Bodies and answers of ``/v1/webhooks``."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.alerts.webhooks.domain import (
    MAX_SEGMENTS,
    Fault,
    MessageState,
    MessageType,
    OffReason,
    WebhookEndpoint,
    WebhookState,
)
from services.alerts.webhooks.endpoints import MAX_URL_LENGTH
from services.alerts.webhooks.repository.deliveries import MAX_REPLAYED, WebhookDelivery
from services.alerts.webhooks.repository.webhooks import WebhookCounts
from services.alerts.webhooks.webhook_commands import MAX_OVERLAP, WebhookWanted
from shared.events.segments import MAX_SEGMENT_BYTES, normalized_segment
from shared.http.instants import Instant
from shared.http.request_body import GivenName
from shared.values.messages import message


def _segment(given: str) -> str:
    segment = normalized_segment(given.strip())
    dimension, colon, value = segment.partition(":")
    if not (dimension and colon and value):
        raise ValueError(message("Must be like touchpoint:checkout."))
    return segment


Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_URL_LENGTH,
        description="https, on port 443 or 8443, at a public address. It is not followed elsewhere.",
        examples=["https://hooks.example.com/afterword"],
    ),
]
Types = Annotated[
    list[MessageType],
    Field(min_length=1, max_length=10, description="What it is told; see `webhooks` of this document."),
    AfterValidator(lambda given: sorted(set(given))),
]
Segments = Annotated[
    list[Annotated[str, Field(max_length=MAX_SEGMENT_BYTES), AfterValidator(_segment)]],
    Field(
        max_length=MAX_SEGMENTS,
        description="Only answers, cases and scores that belong to one of them are told, such as "
        "`touchpoint:checkout`; a level of the organisation covers those below it. Empty: all.",
    ),
    AfterValidator(lambda given: sorted(set(given))),
]


class _HookBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WebhookBody(_HookBody):
    """A new webhook."""

    name: GivenName
    url: Url
    types: Types
    segments: Segments = []
    state: Literal["on", "paused"] = "on"

    def wanted(self) -> WebhookWanted:
        """What it is to be."""
        return WebhookWanted(
            name=self.name, url=self.url, types=self.types, segments=self.segments, state=self.state
        )


class WebhookChange(_HookBody):
    """What is to change; what is left out stays."""

    name: GivenName | None = None
    url: Url | None = None
    types: Types | None = None
    segments: Segments | None = None
    state: Literal["on", "paused"] | None = Field(
        default=None,
        description="`paused`: messages wait. `on`: they leave, also where the webhook was switched off.",
    )

    def wanted(self) -> WebhookWanted:
        """What it is to be."""
        return WebhookWanted(
            name=self.name, url=self.url, types=self.types, segments=self.segments, state=self.state
        )


class SecretBody(_HookBody):
    """How a secret is replaced."""

    overlap_hours: int = Field(
        default=24,
        ge=0,
        le=MAX_OVERLAP // timedelta(hours=1),
        description="For so long messages are signed by the secret before, too.",
    )


class ReplayBody(_HookBody):
    """Which messages are sent again: one, or those that came about between two times."""

    message_id: str | None = Field(default=None, max_length=100)
    since: Instant | None = None
    until: Instant | None = Field(default=None, description="Left out: until now.")
    failed_only: bool = Field(default=False, description="Only those that were given up.")

    @model_validator(mode="after")
    def _names_messages(self) -> Self:
        if (self.message_id is None) == (self.since is None):
            raise ValueError(message("Give message_id, or since."))
        return self


class WebhookOut(BaseModel):
    """A webhook, without its secret."""

    id: UUID
    name: str
    url: str
    state: WebhookState
    off_reason: OffReason | None = Field(
        description="`gone`: its endpoint answered 410; `failing`: five days of nothing but failures."
    )
    types: list[MessageType]
    segments: list[str]
    failing_since: datetime | None
    waiting: int = Field(description="Messages that wait, up to 1,000.")
    oldest_waiting_at: datetime | None
    failed: int = Field(description="Messages that were given up, among the newest 1,000.")
    old_secret_until: datetime | None = Field(description="Until then the secret before signs, too.")
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, webhook: WebhookEndpoint, counts: WebhookCounts) -> Self:
        """As it stands."""
        return cls(
            id=webhook.id,
            name=webhook.name,
            url=webhook.url,
            state=webhook.state,
            off_reason=webhook.off_reason,
            types=list(webhook.types),
            segments=list(webhook.segments),
            failing_since=webhook.failing_since,
            waiting=counts.waiting,
            oldest_waiting_at=counts.oldest_waiting,
            failed=counts.failed,
            old_secret_until=webhook.before_until,
            created_at=webhook.created_at,
            changed_at=webhook.changed_at,
        )


class WebhookMadeOut(WebhookOut):
    """A webhook that was made, or has a new secret."""

    secret: str | None = Field(
        description="Shown this once (`whsec_…`). Null where the same request was answered before."
    )


class WebhookList(BaseModel):
    """The company's webhooks, by name."""

    webhooks: list[WebhookOut]


class WebhookTestOut(BaseModel):
    """A test message that is on its way."""

    message_id: str


class ReplayOut(BaseModel):
    """How many messages are sent again."""

    replayed: int
    more: bool = Field(
        description=f"Whether there may be more: one request sends {MAX_REPLAYED:,} again at most."
    )


class WebhookDeliveryOut(BaseModel):
    """A message, and what became of it."""

    message_id: str = Field(description="The header `webhook-id`, the same for every try.")
    type: str
    about: str
    state: MessageState = Field(
        description="`failed`: given up after three days. `dropped`: its customer was erased before it left."
    )
    attempts: int
    created_at: datetime
    next_at: datetime | None = Field(description="When it is tried next.")
    tried_at: datetime | None
    status: int | None = Field(description="What the endpoint answered to the last try.")
    fault: Fault | None
    duration_ms: int | None
    response: str | None = Field(description="The beginning of its answer, without anything personal.")
    can_be_replayed: bool

    @classmethod
    def of(cls, found: WebhookDelivery) -> Self:
        """As it stands."""
        given = {name: getattr(found, name) for name in cls.model_fields if hasattr(found, name)}
        return cls(
            **{
                **given,
                "next_at": found.next_at if found.state == "waiting" else None,
                "response": found.excerpt,
            }
        )


class WebhookDeliveryList(BaseModel):
    """A part of the list of messages, the newest first."""

    deliveries: list[WebhookDeliveryOut]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")

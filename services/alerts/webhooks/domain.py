"""Webhooks: what one is, and what becomes of a message after a try. Pure rules."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args
from uuid import UUID

import msgspec

MessageType = Literal["answer.changed", "case.changed", "score.changed", "decision.made", "erasure.done"]
"""What a webhook can be told."""
MESSAGE_TYPES: tuple[MessageType, ...] = get_args(MessageType)
TEST = "webhook.test"
"""The type of the message by which an endpoint is tried: sent before all others, and tried once."""
WebhookState = Literal["on", "paused", "off"]
"""paused: by a colleague, messages wait; off: by us, and nothing is queued any more."""
OffReason = Literal["gone", "failing"]
"""gone: the endpoint answered 410; failing: nothing was taken for five days."""
MessageState = Literal["waiting", "sent", "failed", "dropped"]
"""dropped: its customer was erased before it left."""
MESSAGE_STATES: tuple[MessageState, ...] = get_args(MessageState)
Fault = Literal["status", "gone", "timeout", "connection", "certificate", "address", "secret"]
"""Why a message was not taken: the endpoint's status; one that says that it is gone; no answer in time; no
connection; its certificate; an address that no company may name; a secret that was sealed by another one of
the installation."""

MAX_WEBHOOKS = 50
MAX_SEGMENTS = 50


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When a message that was not taken is tried again, and when a webhook is switched off."""

    waits: tuple[timedelta, ...] = (
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=14),
        timedelta(hours=20),
        timedelta(hours=24),
    )
    """After the first try, the second and so on: the schedule of Standard Webhooks, three days in all."""
    max_jitter: float = 0.1
    """So much longer a message may wait, at random: not all return at once."""
    max_asked_wait: timedelta = timedelta(days=1)
    """An endpoint's ``Retry-After`` is obeyed up to here."""
    off_after: timedelta = timedelta(days=5)
    """So long nothing but failures, and ``min_failures`` at least of one message, switch a webhook off."""
    min_failures: int = 5
    """A test and the next message may be days apart."""


class WebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint of a company, and what it is told."""

    tenant: str
    id: UUID
    name: str
    url: str
    state: WebhookState
    off_reason: OffReason | None = None
    types: tuple[MessageType, ...]
    segments: tuple[str, ...] = ()
    """Only what belongs to one of them is told; empty: all."""
    sealed: bytes
    """The secret."""
    sealed_before: bytes | None = None
    """The one before, which signs as well until ``before_until``."""
    before_until: datetime | None = None
    created_at: datetime
    changed_at: datetime
    failing_since: datetime | None = None
    """When the first try failed since one succeeded."""


class Posted(NamedTuple):
    """What an endpoint answered to one request."""

    status: int | None = None
    fault: Fault | None = None
    """None: it took the message."""
    duration_ms: int = 0
    excerpt: str = ""
    """The beginning of what it said, without anything personal."""
    retry_after: timedelta | None = None
    """For how long it asks to be left alone, where it is only busy."""


class TryResult(NamedTuple):
    """What becomes of a message after a try."""

    state: MessageState
    next_at: datetime | None = None
    switch_off: OffReason | None = None


def after_try(
    policy: RetryPolicy,
    posted: Posted,
    *,
    is_test: bool,
    tries: int,
    failing_since: datetime | None,
    now: datetime,
    jitter: float,
) -> TryResult:
    """What becomes of a message.

    :param tries: how often it was tried before.
    :param jitter: between 0 and 1.
    """
    if posted.fault is None:
        return TryResult("sent")
    if is_test:
        return TryResult("failed")
    off: OffReason | None = None
    if posted.fault == "gone":
        off = "gone"
    elif (
        failing_since is not None
        and tries + 1 >= policy.min_failures
        and now - failing_since >= policy.off_after
    ):
        off = "failing"
    if tries >= len(policy.waits):
        return TryResult("failed", switch_off=off)
    wait = policy.waits[tries] * (1 + policy.max_jitter * jitter)
    if posted.retry_after is not None:
        wait = max(wait, min(posted.retry_after, policy.max_asked_wait))
    return TryResult("waiting", now + wait, off)

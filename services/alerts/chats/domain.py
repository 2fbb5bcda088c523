"""Chat channels: what one is, and what becomes of a message after a try. Pure rules."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args
from uuid import UUID

import msgspec

ChatTopic = Literal["cases", "deadlines", "incidents", "weekly"]
"""The topics of notices that a whole team is told of."""
CHAT_TOPICS: tuple[ChatTopic, ...] = get_args(ChatTopic)
ChatKind = Literal["slack", "teams"]
CHAT_KINDS: tuple[ChatKind, ...] = get_args(ChatKind)
ChatState = Literal["on", "off"]
ChatOffReason = Literal["person", "gone", "failing"]
"""person: a colleague switched it off; gone: the channel or its address is no more; failing: five days of
nothing but failures."""
ChatMessageState = Literal["waiting", "sending", "sent", "refused", "dropped", "expired", "unknown"]
"""refused: what it holds was not accepted; dropped: its reason was gone when it was to leave; expired: it
still had one and was too old, as the channel had taken nothing for so long or was off; unknown: it may have
been posted, and is not sent again."""
ChatFault = Literal[
    "busy", "refused", "gone", "status", "timeout", "connection", "certificate", "address", "secret", "broken"
]
"""Why a message was not taken: the provider is busy or away; it refused this message; channel or address are
gone; another status; no answer in time; no connection; its certificate; an address that none may name; a
secret of the installation that was changed; the connection broke when the message may have been taken."""
TEST_KIND = "test"
"""Of the message by which a channel is tried: sent before all others, and tried once."""

MAX_CHANNELS = 50
MAX_AGE = timedelta(days=1)
"""A message that could not leave for so long is given up: nobody needs old news in a chat."""


class ChatRetries(msgspec.Struct, frozen=True, kw_only=True):
    """When a channel that took nothing is tried again, and when it is switched off."""

    waits: tuple[timedelta, ...] = (
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(hours=1),
    )
    """After the first failure in a row, the second and so on; the last one again and again."""
    max_jitter: float = 0.1
    max_asked_wait: timedelta = timedelta(hours=1)
    """``Retry-After`` is obeyed up to here."""
    off_after: timedelta = timedelta(days=5)
    """So long nothing but failures, and ``min_failures`` at least, switch a channel off."""
    min_failures: int = 5
    """In a row: a few messages may be days apart."""


class ChatChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel of a company's chat, and what is told there."""

    tenant: str
    id: UUID
    name: str
    kind: ChatKind
    sealed: bytes
    """The address: whoever has it may post there."""
    shown: str
    """What is shown of the address: its host and last characters."""
    topics: tuple[ChatTopic, ...]
    segments: tuple[str, ...] = ()
    """Only what belongs to one of them is told; empty: all."""
    team_id: UUID | None = None
    """Only cases of this team are told; None: of all."""
    language: str = ""
    """Empty: the company's first."""
    state: ChatState = "on"
    off_reason: ChatOffReason | None = None
    created_at: datetime
    changed_at: datetime
    failing_since: datetime | None = None
    """When the first try failed since one succeeded."""
    failures: int = 0
    """In a row."""
    resume_at: datetime | None = None
    """Until then nothing is tried."""


class ChatAnswer(NamedTuple):
    """What became of one request."""

    fault: ChatFault | None
    """None: it was taken."""
    status: int | None = None
    retry_after: timedelta | None = None


class ChatResult(NamedTuple):
    """What becomes of a message and its channel after a try."""

    state: ChatMessageState
    failing: bool
    resume_at: datetime | None = None
    switch_off: ChatOffReason | None = None


MAYBE: frozenset[ChatFault] = frozenset({"timeout", "broken", "status"})
"""Nobody knows whether the message was posted."""


def after_chat_try(
    policy: ChatRetries,
    answer: ChatAnswer,
    channel: ChatChannel,
    *,
    is_test: bool,
    now: datetime,
    jitter: float,
) -> ChatResult:
    """What becomes of a message and its channel.

    :param jitter: between 0 and 1.
    """
    fault = answer.fault
    if fault is None:
        return ChatResult("sent", failing=False)
    off: ChatOffReason | None = None
    if fault == "gone":
        off = "gone"
    elif (
        channel.failing_since is not None
        and channel.failures + 1 >= policy.min_failures
        and now - channel.failing_since >= policy.off_after
    ):
        off = "failing"
    if fault == "refused":  # the next message may be taken
        return ChatResult("refused", failing=True, switch_off=off)
    wait = policy.waits[min(channel.failures, len(policy.waits) - 1)] * (1 + policy.max_jitter * jitter)
    if answer.retry_after is not None:
        wait = max(wait, min(answer.retry_after, policy.max_asked_wait))
    state: ChatMessageState = "unknown" if fault in MAYBE else "refused" if is_test else "waiting"
    return ChatResult(state, failing=True, resume_at=now + wait, switch_off=off)

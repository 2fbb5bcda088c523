"""``sending``: how a tenant sends, in one event for the whole tenant."""

from typing import Literal

from shared.events.envelope import Data, Instant, Topic

SendingMode = Literal["test", "live"]


class TenantSending(Data, frozen=True, kw_only=True):
    """Whether the tenant's mail goes to customers, and whether any goes at all."""

    version: int
    mode: SendingMode = "test"
    """``test``: mail goes only to listed test addresses, as from the beginning."""
    stopped: bool = False
    """All sending of the tenant is stopped."""
    changed_at: Instant


SENDING = Topic(
    name="sending.v1",
    event_type="afterword.sending.changed",
    data=TenantSending,
    source="/afterword/dispatcher",
    identity=lambda _: "sending",
    version=lambda sending: sending.version,
    compacted=True,
)

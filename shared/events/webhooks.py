"""``webhooks``: what the webhooks of a company ask for, so that nobody publishes what no webhook is told."""

from shared.events.envelope import Data, Instant, Name, Topic


class TenantWebhooks(Data, frozen=True, kw_only=True):
    """The types of messages that at least one webhook of a company is told, paused ones included."""

    version: int
    types: tuple[Name, ...]
    """In the order of the alphabet; empty: there is no webhook, or each was switched off."""
    changed_at: Instant


WEBHOOKS = Topic(
    name="webhooks.v1",
    event_type="afterword.webhooks.changed",
    data=TenantWebhooks,
    source="/afterword/alerts",
    identity=lambda _: "webhooks",
    version=lambda webhooks: webhooks.version,
    compacted=True,
)

"""The context of the collector's routes."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends

from services.collector.anonymous import PageSecrets
from services.collector.devices import DeviceHashes
from services.collector.forms import PageNonce
from shared.http.rate_limit import RateLimit
from shared.keyed_locks import KeyedSemaphores
from shared.link_tokens import LinkSigner
from shared.pages.environment import Pages
from shared.service import Context
from shared.web import context_of


@dataclass(frozen=True, kw_only=True)
class CollectorContext(Context):
    """The process's context with the renderer of the survey pages, and the limits of their use."""

    pages: Pages
    signer: LinkSigner
    nonce: PageNonce
    page_secrets: PageSecrets
    devices: DeviceHashes
    # Bound what guessing links can cost; no reader comes near them.
    per_link: RateLimit = field(default_factory=lambda: RateLimit(burst=120, interval_s=0.5))
    per_network: RateLimit = field(default_factory=lambda: RateLimit(burst=1_200, interval_s=0.05))
    invitation_locks: KeyedSemaphores = field(default_factory=KeyedSemaphores)
    """By invitation: a request that waits for another one's transaction holds no connection."""
    import_locks: KeyedSemaphores = field(default_factory=KeyedSemaphores)
    """By tenant: an import that waits for another one holds no connection."""


OwnContext = Annotated[CollectorContext, Depends(context_of(CollectorContext))]

"""What the collector's routes get."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends

from services.collector.forms import PageNonce
from shared.http.rate_limit import RateLimit
from shared.keyed_locks import KeyedSemaphores
from shared.link_tokens import LinkSigner
from shared.pages.environment import Pages
from shared.service import Context
from shared.web import context_of


@dataclass(frozen=True, kw_only=True)
class CollectorContext(Context):
    """The process's context with the survey pages and what bounds their use."""

    pages: Pages
    signer: LinkSigner
    nonce: PageNonce
    # The bucket that slows those who guess keys slows those who guess links too; no reader meets its bottom.
    per_link: RateLimit = field(default_factory=lambda: RateLimit(most=120, every=0.5))
    per_network: RateLimit = field(default_factory=lambda: RateLimit(most=1_200, every=0.05))
    invitation_locks: KeyedSemaphores = field(default_factory=KeyedSemaphores)
    """By invitation: who waits until another has written holds no connection."""
    import_locks: KeyedSemaphores = field(default_factory=KeyedSemaphores)
    """By tenant: who waits for another import holds no connection."""


OwnContext = Annotated[CollectorContext, Depends(context_of(CollectorContext))]

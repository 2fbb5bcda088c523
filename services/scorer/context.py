"""The context of the scorer's routes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from shared.http.live import LiveFeed
from shared.http.rate_limit import RateLimit
from shared.pages.environment import Pages
from shared.privacy.present_access import PeopleAccess
from shared.privacy.service_client import ServiceClient
from shared.service import Context
from shared.web import context_of


@dataclass(frozen=True, kw_only=True)
class ScorerContext(Context):
    """The process's context with the pages and their live feed."""

    pages: Pages
    feed: LiveFeed
    services: ServiceClient
    """Asks the dispatcher how many could have been asked."""
    people: PeopleAccess
    """Asks alerts what who made a screen may see now."""
    note_screen: Callable[[str, UUID], None]
    """Notes in memory that a company's screen is open now."""
    wall_per_network: RateLimit = field(default_factory=lambda: RateLimit(burst=1_200, interval_s=0.05))
    wall_per_screen: RateLimit = field(default_factory=lambda: RateLimit(burst=120, interval_s=0.5))
    """Both slow down whoever guesses the links of screens; no screen reaches either limit."""


OwnContext = Annotated[ScorerContext, Depends(context_of(ScorerContext))]

"""The context of the scorer's routes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from shared.http.live import LiveFeed
from shared.pages.environment import Pages
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


OwnContext = Annotated[ScorerContext, Depends(context_of(ScorerContext))]

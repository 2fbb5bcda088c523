"""The context of the trigger's routes."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends

from services.trigger.company_links import CompanyExportLinks
from shared.kafka.kernel import Publisher
from shared.pages.environment import Pages
from shared.privacy.service_caller import ServiceLane
from shared.privacy.service_client import ServiceClient
from shared.service import Context
from shared.web import context_of


@dataclass(frozen=True, kw_only=True)
class TriggerContext(Context):
    """The process's context with the publisher of transactions, and the pages."""

    publisher: Publisher
    pages: Pages
    services: ServiceClient
    company_links: CompanyExportLinks
    preview_lane: ServiceLane = field(default_factory=lambda: ServiceLane(max_wait_s=2.0, max_running=2))
    """Each look at a source's records asks servers of others, who may take their time."""


OwnContext = Annotated[TriggerContext, Depends(context_of(TriggerContext))]

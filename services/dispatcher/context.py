"""What the dispatcher's routes get."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends

from services.dispatcher.bounces.sns import SnsVerifier
from services.dispatcher.invitations.survey_mail import SurveyMailRenderer
from services.dispatcher.senders.checker import SenderChecker
from services.dispatcher.sms.installation import SmsInstallation
from services.dispatcher.sms.survey_text import SurveyTextRenderer
from shared.http.live import LiveFeed
from shared.http.rate_limit import RateLimit
from shared.keyed_locks import KeyedSemaphores
from shared.pages.environment import Pages
from shared.privacy.export_links import ExportLinks
from shared.privacy.service_caller import ServiceLane
from shared.privacy.service_client import ServiceClient
from shared.service import Context
from shared.web import context_of


@dataclass(frozen=True, kw_only=True)
class DispatcherContext(Context):
    """The process's context with the pages, their live feed, and the renderer of mails for previews."""

    pages: Pages
    feed: LiveFeed
    """Of the stories of events, and of erasures."""
    mail_renderer: SurveyMailRenderer
    services: ServiceClient
    """Asks the other services for their part of what is known of a company's customers."""
    export_links: ExportLinks
    export_lane: ServiceLane = field(default_factory=lambda: ServiceLane(max_wait_s=2.0, max_running=2))
    """Of several exports at once some are refused: each waits for all services."""
    sms: SmsInstallation
    """Who carries texts, and whom they come from."""
    text_renderer: SurveyTextRenderer
    sender_checker: SenderChecker
    sender_lane: ServiceLane = field(default_factory=lambda: ServiceLane(max_wait_s=2.0, max_running=2))
    """Each look at a sender asks servers of others, who may take their time."""
    sns: SnsVerifier = field(default_factory=SnsVerifier)
    """With the certificates that reports of Amazon SES are signed by."""
    per_network: RateLimit = field(default_factory=lambda: RateLimit(burst=1_200, interval_s=0.05))
    per_link: RateLimit = field(default_factory=lambda: RateLimit(burst=120, interval_s=0.5))
    """Both slow down whoever guesses links; no customer reaches either limit."""
    invitation_locks: KeyedSemaphores = field(default_factory=KeyedSemaphores)
    """By invitation: a request that waits for another one to write holds no connection."""


OwnContext = Annotated[DispatcherContext, Depends(context_of(DispatcherContext))]

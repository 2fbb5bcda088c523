"""What the routes of alerts get."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.rules.setup_cache import CompanySetups
from services.alerts.staff.provider_sign_in import ProviderSignIn
from services.alerts.staff.sign_in import SignIn
from shared.http.live import LiveFeed
from shared.pages.environment import Pages
from shared.service import Context
from shared.web import context_of


@dataclass(frozen=True, kw_only=True)
class AlertsContext(Context):
    """The process's context with pages, live feed, the ways to sign in, and by what cases are judged."""

    pages: Pages
    feed: LiveFeed
    sign_in: SignIn
    provider_sign_in: ProviderSignIn
    policy: CasePolicy
    setups: CompanySetups
    push_key: str
    """By which browsers know that messages are from this installation."""


OwnContext = Annotated[AlertsContext, Depends(context_of(AlertsContext))]

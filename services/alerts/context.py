"""What the routes of alerts get."""

from dataclasses import dataclass

from fastapi import Request

from services.alerts.sign_in import SignIn
from shared.http.live import LiveFeed
from shared.pages.environment import Pages
from shared.service import Context


@dataclass(frozen=True, kw_only=True)
class AlertsContext(Context):
    """The process's context with the pages, their live feed, and sign-in."""

    pages: Pages
    feed: LiveFeed
    sign_in: SignIn


def own_context(request: Request) -> AlertsContext:
    """The context of the application that got the request."""
    context: AlertsContext = request.app.state.context
    return context

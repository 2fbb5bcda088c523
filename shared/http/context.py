"""What the checks that every route shares need: one typed object for each application."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from starlette.requests import Request

    from shared.health import Health
    from shared.http.admission import Admission
    from shared.http.csrf import CsrfGuard, SessionIsLive
    from shared.http.hosts import Hosts
    from shared.http.key_auth import KeyRing
    from shared.http.problems import ErrorPages
    from shared.http.rate_limit import RateLimit
    from shared.http.staff_auth import AccessPass


@dataclass(frozen=True, kw_only=True)
class HttpContext:
    """Kept as ``app.state.http``; ``http_of`` reads it."""

    service: str
    health: Health
    keys: KeyRing
    """For API keys."""
    access: AccessPass
    """For people who are signed in."""
    csrf: CsrfGuard
    rate_limit: RateLimit
    """Of who guesses keys."""
    admission: Admission
    hosts: Hosts | None = None
    """Which addresses are served under which host; None: all under each."""
    encrypted: bool = False
    """Whether staff reach us by https."""
    pages: ErrorPages | None = None
    """What draws refusals for people; None where a service has no pages."""
    session_is_live: SessionIsLive | None = None
    """Of the service that keeps the sessions: its writes end with the session, not with the pass."""
    started: asyncio.Event | None = field(default=None)
    """Set once the database is as this code needs it: before, requests are refused with 503."""


def http_of(request: Request) -> HttpContext:
    """The context of the application that got this request."""
    context: HttpContext = request.app.state.http
    return context

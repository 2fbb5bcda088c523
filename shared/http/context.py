"""What the checks that all routes share need: one typed object for each application."""

from __future__ import annotations

from dataclasses import dataclass
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
    from shared.http.readers import Readers
    from shared.http.staff_auth import AccessPass


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpContext:
    """Kept as ``app.state.http``; ``http_of`` returns it."""

    service: str
    health: Health
    keys: KeyRing
    access: AccessPass
    """Signs and verifies the access cookie of staff."""
    csrf: CsrfGuard
    key_rate_limit: RateLimit
    """Of callers with unknown API keys."""
    admission: Admission
    hosts: Hosts | None = None
    """Which paths are served under which host; None: all paths under each host."""
    encrypted: bool = False
    """Whether staff use https."""
    pages: ErrorPages | None = None
    """Renders refusals for browsers; None in a service without pages."""
    readers: Readers | None = None
    """Translates refusals and pages; None: all is in English."""
    session_is_live: SessionIsLive | None = None
    """Set in the service that keeps the sessions: there a form is refused as soon as its session has ended;
    in the others, when the access pass expires."""
    started: asyncio.Event | None = None
    """Set once the database has the schema that this code needs. Until then requests get 503."""


def http_of(request: Request) -> HttpContext:
    """The context of the application that received this request."""
    http: HttpContext = request.app.state.http
    return http

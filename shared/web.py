"""Build a service's HTTP application from its context, and find the context of a request."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from fastapi import APIRouter, FastAPI, Request

from shared.http.admission import Admission
from shared.http.app import create_app
from shared.http.context import HttpContext
from shared.http.csrf import CsrfGuard, SessionIsLive
from shared.http.hosts import Hosts
from shared.http.rate_limit import RateLimit
from shared.http.request_limits import RequestLimits
from shared.http.staff_auth import AccessPass
from shared.pages.assets import SHARED_ASSETS, Assets
from shared.pages.environment import Pages
from shared.service import Context

C = TypeVar("C", bound=Context)


def pages_of(context: Context) -> Pages:
    """The pages of this context's service."""
    return Pages(
        f"services.{context.service}",
        local=context.afterword.local,
        mailbox_url=context.afterword.mailbox_url,
        clock=context.database.clock,
    )


def service_app(
    context: Context,
    *,
    routers: Sequence[APIRouter],
    pages: Pages | None = None,
    session_is_live: SessionIsLive | None = None,
    limits: RequestLimits | None = None,
) -> FastAPI:
    """The application of a service. Its routes get ``context`` through ``context_of``."""
    afterword = context.afterword
    http = HttpContext(
        service=context.service,
        health=context.health,
        keys=context.keys,
        access=AccessPass(context.secret, clock=context.database.clock),
        csrf=CsrfGuard(context.secret),
        key_rate_limit=RateLimit(),
        admission=Admission(),
        hosts=Hosts(afterword.public_url, afterword.staff_url, afterword.internal_url),
        encrypted=afterword.staff_url.startswith("https:"),
        pages=pages,
        readers=pages or pages_of(context),
        session_is_live=session_is_live,
        started=context.started,
    )
    assets = pages.assets if pages is not None else Assets({SHARED_ASSETS.name: SHARED_ASSETS.folder})
    app = create_app(http, routers=routers, files=assets.respond, limits=limits)
    app.state.context = context
    return app


def context_of(kind: type[C]) -> Callable[[Request], Awaitable[C]]:  # noqa: ARG001  (only its type is used)
    """A dependency: the context of the application that received the request."""

    async def own_context(request: Request) -> C:
        context: C = request.app.state.context
        return context

    return own_context

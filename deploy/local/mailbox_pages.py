"""The mailbox as pages for people and as JSON for simulated customers and tests.

- `GET /api/mails?to=&after=&limit=`: the mails that arrived after the mail of that id, oldest first;
- `GET /api/mails/{id}`: the headers, text and HTML of one mail.
"""

import re
from collections.abc import Awaitable, Callable
from itertools import dropwhile, islice
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import APIRouter, FastAPI, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.middleware.trustedhost import TrustedHostMiddleware

import shared
from deploy.local.mail import MailStore, MailSummary
from deploy.local.text_pages import text_routes
from deploy.local.texts import TextStore

STATIC_FOLDER = Path(shared.__file__).parent / "pages" / "static"
MAILS_PER_PAGE = 50

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The HTML of a mail is untrusted: it may have styles and links, which open in a new tab, and nothing more.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
HEAD_TAG = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
NEW_TAB_BASE = '<base target="_blank">'

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)


def mailbox_app(mails: MailStore, texts: TextStore) -> FastAPI:
    web = FastAPI(title="Afterword mailbox", docs_url=None, redoc_url=None, openapi_url=None)
    # DNS rebinding: a foreign site whose name points at this machine must not read the mails.
    web.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    web.mount("/static", StaticFiles(directory=STATIC_FOLDER))
    web.mount("/mailbox", StaticFiles(directory=Path(__file__).parent / "static"))

    @web.middleware("http")
    async def secure(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    @web.get("/healthz")
    async def healthz() -> Response:
        return Response()

    web.include_router(pages(mails))
    web.include_router(api(mails))
    web.include_router(text_routes(texts, page))
    return web


def pages(mails: MailStore) -> APIRouter:
    router = APIRouter()

    @router.get("/")
    async def inbox(before: str | None = None) -> HTMLResponse:
        older = dropwhile(lambda mail: before is not None and mail.id >= before, mails.newest_first())
        shown = list(islice(older, MAILS_PER_PAGE + 1))
        return page(
            "mails.html", mails=shown[:MAILS_PER_PAGE], more=len(shown) > MAILS_PER_PAGE, first=before is None
        )

    @router.get("/mails/{mail_id}")
    async def mail(mail_id: str) -> HTMLResponse:
        summary = find(mails, mail_id)
        return page("mail.html", summary=summary, mail=mails.read(summary))

    @router.get("/mails/{mail_id}/html")
    async def html(mail_id: str) -> HTMLResponse:
        content = mails.read(find(mails, mail_id)).html
        if content is None:
            raise HTTPException(404, "this mail has no HTML part")
        return HTMLResponse(with_links_in_new_tabs(content), headers={"Content-Security-Policy": MAIL_POLICY})

    return router


def api(mails: MailStore) -> APIRouter:
    router = APIRouter(prefix="/api/mails")

    @router.get("")
    async def list_mails(
        to: str | None = None, after: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 1000
    ) -> Response:
        return json(list(islice(mails.after(after, to), limit)))

    @router.get("/{mail_id}")
    async def read_mail(mail_id: str) -> Response:
        return json(mails.read(find(mails, mail_id)))

    return router


def find(mails: MailStore, mail_id: str) -> MailSummary:
    """The mail of this id; else the request ends with 404."""
    summary = mails.summary(mail_id)
    if summary is None:
        raise HTTPException(404, "there is no mail of this id")
    return summary


def with_links_in_new_tabs(html: str) -> str:
    """The same HTML with a base target, so that its links leave the frame in which it is shown."""
    head = HEAD_TAG.search(html)
    return html[: head.end()] + NEW_TAB_BASE + html[head.end() :] if head else NEW_TAB_BASE + html


def page(template: str, **values: object) -> HTMLResponse:
    return HTMLResponse(templates.get_template(template).render(values))


def json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")

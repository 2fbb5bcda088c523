"""The local stack's provider of text messages, which keeps them; as a page for people and as JSON.

- `POST /sms`: takes a text as the services hand it over (`DISPATCHER_SMS_PROVIDER=generic`);
- `GET /api/texts?to=&after=&limit=`: the texts that arrived after the text of that id, oldest first.
"""

from collections.abc import Callable
from itertools import dropwhile, islice
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from deploy.local.texts import TextStore

TEXTS_PER_PAGE = 50
MAX_TEXT_BYTES = 16_384


class SentText(msgspec.Struct, rename={"sender": "from"}):
    """A text as it is handed over."""

    to: str
    sender: str
    text: str
    reference: str


def text_routes(texts: TextStore, page: Callable[..., HTMLResponse]) -> APIRouter:
    """:param page: renders a template."""
    router = APIRouter()

    @router.post("/sms", status_code=202)
    async def take(request: Request) -> Response:
        body = await request.body()
        if len(body) > MAX_TEXT_BYTES:
            raise HTTPException(413, "this is longer than any text message")
        try:
            sent = msgspec.json.decode(body, type=SentText)
        except msgspec.DecodeError as error:
            raise HTTPException(422, f"this is no text message: {error}") from None
        kept = texts.add(sent.to, sent.sender, sent.text, sent.reference)
        return Response(msgspec.json.encode({"id": kept.id}), 202, media_type="application/json")

    @router.get("/texts")
    async def phone(before: str | None = None) -> HTMLResponse:
        older = dropwhile(lambda text: before is not None and text.id >= before, texts.newest_first())
        shown = list(islice(older, TEXTS_PER_PAGE + 1))
        more = len(shown) > TEXTS_PER_PAGE
        return page("texts.html", texts=shown[:TEXTS_PER_PAGE], more=more, first=before is None)

    @router.get("/api/texts")
    async def list_texts(
        to: str | None = None, after: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 1000
    ) -> Response:
        found = list(islice(texts.after(after, to), limit))
        return Response(msgspec.json.encode(found), media_type="application/json")

    return router

"""A model that labels comments: what it was sent, and what it is to answer."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from support.servers import free_port

from services.scorer.themes.labelling import ThemeLabelling
from services.scorer.themes.model_client import ThemeModel
from shared.db.database import Database
from shared.health import Health

SERVER = Path(__file__).parents[2] / "deploy/examples/theme-model/server.py"
TOKEN = "a-token-of-the-tests"
ADDRESS = "/v1/themes/model"


@dataclass
class RecordingModel:
    """An application that keeps what it was sent, and labels every comment whose text has a word with a theme."""

    by_word: dict[str, str] = field(default_factory=lambda: {"stale": "product"})
    status: int = 200
    answers_with: dict[str, str] = field(default_factory=dict)
    """Headers of an answer that is not 200."""
    refuses: str = "\0"
    """A request that has a comment with this word is refused."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[Any]] | None = None
    """What happens while it answers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        answer: Response = Response()
        if request.method == "POST":
            answer = await self._answer(request)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        body = json.loads(await request.body())
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.status != 200:
            return Response(status_code=self.status, headers=self.answers_with)
        if any(self.refuses in each["text"] for each in body["comments"]):
            return Response(status_code=422)
        labels = [
            {
                "id": each["id"],
                "themes": [theme for word, theme in self.by_word.items() if word in each["text"]],
            }
            for each in body["comments"]
        ]
        return JSONResponse({"version": 1, "labels": labels})

    @property
    def texts(self) -> list[list[str]]:
        """The comments of each request."""
        return [[each["text"] for each in body["comments"]] for body in self.bodies]


def a_loop(database: Database, url: str, most_comments: int = 20, token: str = TOKEN) -> ThemeLabelling:
    """The loop of a worker whose operator named this model."""
    return ThemeLabelling(database, Health("scorer"), ThemeModel(f"{url}/label", token, 5, most_comments))


async def label_all(loop: ThemeLabelling) -> None:
    """Let it send what waits, until nothing does or the model is away."""
    while await loop.step() == 0:
        pass


@contextmanager
def the_example() -> Iterator[str]:
    """The address of the example that we ship, as a process of its own."""
    port = free_port()
    command = [sys.executable, str(SERVER), "--port", str(port)]
    with subprocess.Popen(command, env={"THEME_MODEL_TOKEN": TOKEN}) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@asynccontextmanager
async def an_http_client() -> AsyncIterator[httpx.AsyncClient]:
    """A client that heeds no proxy."""
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client

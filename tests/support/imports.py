"""Files that are imported in tests: sent, begun, and taken by a worker's loop without its pauses."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from support.dispatcher_client import KEY, by_key
from support.http_clients import SECRET

from services.collector.imports import import_item, read_batch, refuse_contradictions
from services.dispatcher.imports.processing import IMPORTS_LOOP, Processing
from services.dispatcher.one_by_one import OneByOne
from shared.clock import system_clock
from shared.db.database import Database
from shared.pages.language import spoken
from shared.privacy.service_client import ServiceClient
from shared.privacy.service_tokens import ServiceTokens

PATH = "/v1/imports"


async def send(
    client: httpx.AsyncClient, kind: str, file: bytes | str, *, key: str = KEY, **query: Any
) -> httpx.Response:
    """Upload a file."""
    content = file.encode() if isinstance(file, str) else file
    query = {name: json.dumps(each) if isinstance(each, dict) else each for name, each in query.items()}
    return await client.post(
        PATH,
        params={"kind": kind, **query},
        content=content,
        headers={**by_key(key), "content-type": "text/csv"},
    )


@dataclass
class FakeCollector:
    """Takes answers as the collector does, whose own rules judge them: by their ids, whatever comes again."""

    answers: dict[str, Any] = field(default_factory=dict)
    requests: int = 0
    away: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.away:
            return httpx.Response(503)
        results, known = [], len(self.answers)
        items = {item["id"]: item for item in json.loads(request.content)["answers"]}
        for read in refuse_contradictions(read_batch(request.content, system_clock())):
            if read.item is not None:
                self.answers[read.item.id] = items[read.item.id]
            results.append(import_item(read, spoken).model_dump(mode="json"))
        return httpx.Response(200, json={"new": len(self.answers) - known, "results": results})


def processing(database: Database, collector: FakeCollector | None = None) -> Processing:
    """A worker's loop, with an own memory of what failed."""
    transport = httpx.MockTransport(collector or FakeCollector())
    services = ServiceClient("http://internal.example", ServiceTokens(SECRET), transport)
    return Processing(database, SECRET, services, OneByOne(IMPORTS_LOOP, database))


async def take_all(database: Database, collector: FakeCollector | None = None) -> None:
    """Take all rows of all files that have begun."""
    loop = processing(database, collector)
    while await loop.advance():
        pass
    await loop.services.close()

"""The examples for client back-ends, each run as it stands: the answer to its first try is lost, it comes back with the
same event, and there is one decision.
"""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from support.companies import Company, World, a_survey
from support.environment import without_settings
from support.servers import serving

from services.trigger import tenants
from shared.events import TRANSACTIONS

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"
PACKAGE = EXAMPLES.parent / "clients" / "python"
PROGRAMS: dict[str, tuple[str | None, ...]] = {
    "send_event.sh": ("/bin/sh",) if shutil.which("curl") else (None,),
    "send_event.py": (sys.executable,),
    "send_event.mjs": (shutil.which("node"),),
    "SendEvent.java": (shutil.which("java"), "-XX:TieredStopAtLevel=1"),
    "send_event.php": (shutil.which("php"),),
}
"""What runs each example; None: it is not on this machine."""
NOT_RUN = {"SendEvent.cs"}
NEEDED = {"send_event.sh", "send_event.py", "SendEvent.java"}
"""Whose interpreters the other tests need, too."""


@dataclass
class LossyProxy:
    """Passes requests on to the API, which has a real broker, and loses the answer to the first one of each event."""

    api: httpx.AsyncClient
    bodies: dict[str, list[bytes]] = field(default_factory=dict)

    async def pass_on(self, request: Request) -> Response:
        body = await request.body()
        names = ("authorization", "content-type")
        headers = {name: value for name, value in request.headers.items() if name in names}
        answer = await self.api.post("/v1/events", content=body, headers=headers)
        assert answer.status_code == 202, answer.text
        tries = self.bodies.setdefault(json.loads(body)["id"], [])
        tries.append(body)
        if len(tries) == 1:
            return JSONResponse({"title": "Lost."}, 503, headers={"Retry-After": "0"})
        return Response(answer.content, answer.status_code, media_type="application/json")


@asynccontextmanager
async def a_lossy_proxy(world: World) -> AsyncIterator[tuple[LossyProxy, str]]:
    proxy = LossyProxy(world.clients["trigger"])
    routes = [Route("/v1/events", proxy.pass_on, methods=["POST"])]
    async with serving(Starlette(routes=routes), asyncio.Event()) as url:
        yield proxy, url


async def a_company(world: World) -> Company:
    """One with a key and a survey, and nothing else."""
    company, trigger = Company("cedar"), world.contexts["trigger"].database
    await tenants.create_tenant(trigger, "cedar", name="Cedar", time_zone="Europe/Copenhagen")
    company.key = await tenants.create_key(trigger, "cedar", ("admin",), name="cedar-shop")
    await world.deliver_all()
    await world.post("dispatcher", company, "/v1/surveys", a_survey("cedar"), **{"Idempotency-Key": "1"})
    await world.deliver_all()
    return company


async def run(program: str, url: str, key: str) -> tuple[str, int, str]:
    """Run an example as its first line says; its exit status and all that it wrote."""
    command = [part for part in PROGRAMS[program] if part is not None]
    environment = {**without_settings(), "AFTERWORD": url, "KEY": key, "PYTHONPATH": str(PACKAGE)}
    process = await asyncio.create_subprocess_exec(
        *command,
        str(EXAMPLES / program),
        f"of-{program}",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return program, process.returncode or 0, said.decode()


async def test_each_example_comes_back_with_the_same_event_and_it_is_decided_once(world: World) -> None:
    company = await a_company(world)
    programs = [name for name, command in PROGRAMS.items() if None not in command]
    assert set(programs) >= NEEDED
    async with a_lossy_proxy(world) as (proxy, url):
        for program, status, said in [await run(name, url, company.key) for name in programs]:
            assert status == 0, (program, said)
            assert "accepted" in said, (program, said)
    assert {name: len(bodies) for name, bodies in proxy.bodies.items()} == dict.fromkeys(
        (f"of-{name}" for name in programs), 2
    )
    assert all(len(set(bodies)) == 1 for bodies in proxy.bodies.values())
    sent = [event for event in await world.transactions() if event.tenant == "cedar"]
    assert len(sent) == 2 * len(programs)
    for event in sent:
        await world.deliver(event, TRANSACTIONS.name)
    for name in programs:
        found = await world.clients["dispatcher"].get(
            "/v1/decisions", params={"event_id": f"of-{name}"}, headers=company.headers
        )
        assert len(found.json()["decisions"]) == 1, name


async def test_a_program_that_is_refused_says_why_and_does_not_come_back(world: World) -> None:
    asked: list[str] = []

    async def refuse(request: Request) -> Response:
        asked.append(json.loads(await request.body())["id"])
        return JSONResponse({"title": "Mend /type."}, 422, media_type="application/problem+json")

    quick = [name for name, command in PROGRAMS.items() if None not in command and name != "SendEvent.java"]
    async with serving(
        Starlette(routes=[Route("/v1/events", refuse, methods=["POST"])]), asyncio.Event()
    ) as url:
        for program, status, said in [await run(name, url, "aw_key") for name in quick]:
            assert status != 0, program
            assert "Mend /type." in said, (program, said)
    assert asked == [f"of-{name}" for name in quick]


def test_each_example_is_run_or_the_readme_says_that_it_is_not() -> None:
    files = {path.name for path in EXAMPLES.iterdir() if path.suffix != ".md" and path.is_file()}
    assert files == PROGRAMS.keys() | NOT_RUN
    rows = [line for line in (EXAMPLES / "README.md").read_text().splitlines() if line.startswith("| `")]
    not_run = {name for name in files for row in rows if f"`{name}`" in row and "| no:" in row}
    assert not_run == NOT_RUN
    assert len(rows) == len(files)
